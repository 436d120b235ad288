/* Runs the target of a fuzz_*.c on files, or on random changes of them, where there is no libFuzzer.
   Usage: PROGRAM SEED CHANGES FILE... */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ROOM = 1 << 12 };

static uint64_t state;

static size_t below(size_t limit) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (size_t)(state >> 11) % limit;
}

/* Change a few bytes, or take them out. */
static size_t changed(unsigned char *data, size_t size) {
    for (size_t count = 1 + below(4); count > 0 && size > 1; count--) {
        const size_t at = below(size), length = 1 + below(below(2) ? 4 : size - at);
        if (below(3) == 0) {
            const size_t gone = length < size - at ? length : size - at - 1;
            memmove(data + at, data + at + gone, size - at - gone);
            size -= gone;
        } else {
            data[at] = below(2) ? (unsigned char)below(256) : data[below(size)];
        }
    }
    return size;
}

int main(int count, char **arguments) {
    static unsigned char data[ROOM], made[ROOM];
    if (count < 4)
        return 2;
    state = strtoull(arguments[1], NULL, 10) * 2654435761u + 1;
    for (int i = 3; i < count; i++) {
        FILE *file = fopen(arguments[i], "rb");
        if (!file)
            return 2;
        const size_t size = fread(data, 1, ROOM, file);
        fclose(file);
        LLVMFuzzerTestOneInput(data, size);
        for (long round = atol(arguments[2]); round > 0; round--) {
            memcpy(made, data, size);
            LLVMFuzzerTestOneInput(made, changed(made, size));
        }
    }
    return 0;
}
