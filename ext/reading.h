/* What the compiled readers use of CPython beyond Cython's own means. */

#ifndef PARTSTREAM_READING_H
#define PARTSTREAM_READING_H

#include "Python.h"

/* Make an object of a class without calling its __init__; see src/partstream/_blank.py. */
static PyObject *blank(PyObject *kind) {
    if (!PyType_Check(kind) || !((PyTypeObject *)kind)->tp_new) {
        PyErr_Format(PyExc_TypeError, "cannot make a %R", kind);
        return NULL;
    }
    PyObject *nothing = PyTuple_New(0); /* one object, never made anew */
    if (!nothing)
        return NULL;
    PyObject *made = ((PyTypeObject *)kind)->tp_new((PyTypeObject *)kind, nothing, NULL);
    Py_DECREF(nothing);
    return made;
}

#endif
