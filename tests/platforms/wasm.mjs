// Runs pytest on CPython compiled to WebAssembly; see ci/wasm.
// Usage: node wasm.mjs PYODIDE PACKAGES CHECKOUT ARGUMENTS...
// The folders PACKAGES and CHECKOUT are mounted, and arguments go to pytest. Nothing is fetched.
import { writeSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [pyodide, packages, checkout, ...rest] = process.argv.slice(2);
const { loadPyodide } = await import(pathToFileURL(`${pyodide}/pyodide.mjs`));
const python = await loadPyodide({
    indexURL: pyodide,
    env: {
        HOME: "/home/pyodide",
        PYTHONDONTWRITEBYTECODE: "1",
        PARTSTREAM_TEST_TWINS: "py",
        PARTSTREAM_TEST_EFFORT: process.env.PARTSTREAM_TEST_EFFORT ?? "1",
    },
});
// As it is written: by default only whole lines are.
const write = (bytes) => writeSync(1, bytes);
python.setStdout({ write });
python.setStderr({ write });
python.mountNodeFS("/packages", packages);
python.mountNodeFS("/checkout", checkout);
python.globals.set("arguments", python.toPy(rest));
process.exitCode = python.runPython(`
import os
import sys

sys.path[:0] = ["/packages", "/checkout/tests"]
os.chdir("/checkout")
import pytest

int(pytest.main(arguments))
`);
