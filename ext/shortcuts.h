/* What CPython gives beyond Cython's own means, to make the two commonest acts of a caller cheap:
   reading an attribute of an event, and making a parser.  The only header here that knows Python
   objects.  Where a shortcut is not to be had, the usual way through Cython stays. */

#ifndef PARTSTREAM_SHORTCUTS_H
#define PARTSTREAM_SHORTCUTS_H

#include "Python.h"
#include <structmember.h>
#include <stddef.h>

#if defined(PYPY_VERSION) || defined(GRAALVM_PYTHON) || defined(Py_LIMITED_API)
#define PS_SHORTCUTS 0
#else
#define PS_SHORTCUTS 1
#endif

/* Let an attribute be read straight out of the object, as __slots__ of a Python class are, and never
   be set.  It replaces a property of that name.  The interpreter reads
   such an attribute without a call, where one more property in C costs it 20 to 30 ns. */
static int ps_add_member(PyObject *kind, PyMemberDef *member, const char *name, Py_ssize_t place,
                         const char *doc) {
#if PS_SHORTCUTS
    PyTypeObject *type = (PyTypeObject *)kind;
    PyObject *property = PyDict_GetItemString(type->tp_dict, name);
    if (!property || !Py_IS_TYPE(property, &PyGetSetDescr_Type))
        return 0;
    member->name = name;
    member->type = T_OBJECT_EX;
    member->offset = place;
    member->flags = READONLY;
    member->doc = doc;
    PyObject *descriptor = PyDescr_NewMember(type, member);
    if (!descriptor)
        return -1;
    const int result = PyDict_SetItemString(type->tp_dict, name, descriptor);
    Py_DECREF(descriptor);
    PyType_Modified(type);
    return result;
#else
    return 0;
#endif
}

/* Give a class the name and the module under which users have it. */
static void ps_rename(PyObject *kind, const char *name) {
#if PS_SHORTCUTS
    ((PyTypeObject *)kind)->tp_name = name;
    PyType_Modified((PyTypeObject *)kind);
#endif
}

/* Let `make` answer when this class is called: no tuple and no dict are made of the arguments.
   Classes that inherit from it are made in the usual way. */
static void ps_answer_calls(PyObject *kind, vectorcallfunc make) {
#if PS_SHORTCUTS
    ((PyTypeObject *)kind)->tp_vectorcall = make;
#endif
}

/* Make an object in the usual way, from what a vectorcall has. */
static PyObject *ps_make_slowly(PyObject *kind, PyObject *const *arguments, size_t count,
                                PyObject *names) {
    const Py_ssize_t given = PyVectorcall_NARGS(count);
    const Py_ssize_t named = names ? PyTuple_GET_SIZE(names) : 0;
    PyObject *positional = PyTuple_New(given), *keywords = NULL, *made = NULL;
    if (!positional)
        return NULL;
    for (Py_ssize_t i = 0; i < given; i++) {
        Py_INCREF(arguments[i]);
        PyTuple_SET_ITEM(positional, i, arguments[i]);
    }
    if (named) {
        keywords = PyDict_New();
        if (!keywords)
            goto done;
        for (Py_ssize_t i = 0; i < named; i++) {
            if (PyDict_SetItem(keywords, PyTuple_GET_ITEM(names, i), arguments[given + i]) < 0)
                goto done;
        }
    }
    made = PyType_Type.tp_call(kind, positional, keywords);
done:
    Py_DECREF(positional);
    Py_XDECREF(keywords);
    return made;
}

/* Give ASCII text as a str; the caller has seen that it is ASCII. */
static PyObject *ps_ascii(const unsigned char *s, Py_ssize_t size) {
    PyObject *text = PyUnicode_New(size, 127);
    if (text)
        memcpy(PyUnicode_1BYTE_DATA(text), s, (size_t)size);
    return text;
}

#endif
