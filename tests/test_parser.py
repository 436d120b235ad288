"""The parser as its caller meets it: chunks in, events out, misuse refused."""

from __future__ import annotations

import array
import doctest
import inspect
import pickle
import threading
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import pytest

from support import chunking
from support.building import Multipart, Part, body, build, field_part, file_part, form, nested_part
from support.events import Outcome, Settings, assert_same, parse
from support.twins import twin

ONE = form(field_part("a", b"1"))
HEAD = b'--B\r\nContent-Disposition: form-data; name="a"\r\n\r\n'

Module = Callable[[str], ModuleType]


@pytest.fixture
def parser(ps: ModuleType) -> Any:
    """A parser of a form, with the boundary ``B``."""
    return ps.MultipartParser("B")


# What comes out


def test_a_form_reads_as_it_was_built(ps: ModuleType) -> None:
    parts = [field_part("a", b"1"), file_part("f", "x.txt", b"\r\n", ("Content-Type", "a/b"))]
    built = build(Multipart("B", parts))
    expected = Outcome(tuple(built.events), None)
    for chunks in chunking.every(bytes(built.data)):
        assert_same(parse(ps, Settings(), chunks), expected)


def test_nested_parts_come_between_the_events_of_their_parent(ps: ModuleType) -> None:
    inner = Multipart("C", [Part((("X-A", "b"),), b"1"), Part((), b"")], b"preamble", b"epilogue")
    built = build(Multipart("B", [nested_part(inner), field_part("z", b"2")]))
    expected = Outcome(tuple(built.events), None)
    for chunks in chunking.every(bytes(built.data)):
        assert_same(parse(ps, Settings(subtype="mixed", nested=True), chunks), expected)


def test_without_nested_a_multipart_is_data(ps: ModuleType) -> None:
    inner = Multipart("C", [Part((), b"1")])
    data = body(Multipart("B", [nested_part(inner)]))
    begin, found, end = ps.MultipartParser("B", subtype="mixed").feed(data)
    assert (begin.multipart, found, end.depth) == (False, body(inner), 0)


@pytest.mark.parametrize("length", range(150, 420))
def test_bytes_held_back_meet_a_delimiter_far_behind(ps: ModuleType, length: int) -> None:
    """What is held back is looked at through a window, whose end may cut a delimiter too."""
    content = b"-" + b"x" * length
    for headers in ((), (("Content-Length", str(len(content))),)):
        data = body(Multipart("B", [Part(headers, content), Part((), b"2")]))
        settings = Settings(subtype="mixed")
        place = data.index(b"\r\n\r\n-") + 5
        chunks = [data[:place], data[place:]]
        assert_same(parse(ps, settings, chunks), parse(ps, settings, [data]))


def test_the_callers_chunk_comes_back_where_all_of_it_is_body(parser: Any) -> None:
    parser.feed(HEAD)
    for chunk in (b"x", b"some data", b"-" * 100, bytes(10_000)):
        (event,) = parser.feed(chunk)
        assert event is chunk


def test_data_is_given_at_once(parser: Any) -> None:
    """Only what may become a delimiter is kept back."""
    parser.feed(HEAD)
    assert parser.feed(b"a") == [b"a"]
    assert parser.feed(b"b\r") == [b"b"]
    assert parser.feed(b"\n--") == []
    assert b"".join(parser.feed(b"C")) == b"\r\n--C"


def test_content_length_lets_the_last_data_out_early(ps: ModuleType) -> None:
    parser = ps.MultipartParser("B", subtype="mixed")
    parser.feed(b"--B\r\nContent-Length: 4\r\n\r\n")
    assert parser.feed(b"ab\r\n") == [b"ab\r\n", ps.PartEnd()]


def test_a_part_ends_as_soon_as_its_delimiter_is_there(ps: ModuleType, parser: Any) -> None:
    parser.feed(HEAD + b"1")
    assert parser.feed(b"\r\n--B") == []
    assert parser.feed(b"\r\n") == [ps.PartEnd()]


def test_an_empty_chunk_gives_nothing(parser: Any) -> None:
    for chunk in chunking.bytewise(ONE):
        assert parser.feed(b"") == []
        parser.feed(chunk)
    assert parser.feed(b"") == []
    assert parser.done


@pytest.mark.parametrize("boundary", ["B", "b" * 70, "--" + "b" * 68])
def test_the_longest_delimiter_may_be_cut_anywhere(ps: ModuleType, boundary: str) -> None:
    parts = [field_part("a", b"1"), field_part("b", b"2")]
    plain = form(*parts, boundary=boundary)
    line = b"--" + boundary.encode()
    data = plain.replace(line + b"\r\n", line + b" \t" * 32 + b"\r\n")
    for tail in (b"\r\n", b"x" * 300):
        changed = data.replace(b"1\r\n", b"1" + tail + b"\r\n")
        outcome = parse(ps, Settings(boundary), [changed])
        assert (outcome.fault, outcome.events[1]) == (None, b"1" + tail)
        for chunks in chunking.every(changed):
            assert_same(parse(ps, Settings(boundary), chunks), outcome)


# What goes in


@pytest.mark.parametrize(
    "kind",
    [bytes, bytearray, memoryview, lambda data: array.array("B", data), type("Sub", (bytes,), {})],
    ids=["bytes", "bytearray", "memoryview", "array", "subclass"],
)
def test_takes_any_bytes_like(ps: ModuleType, kind: Callable[[bytes], Any]) -> None:
    expected = parse(ps, Settings(), [ONE])
    assert_same(parse(ps, Settings(), [kind(ONE)]), expected)
    assert_same(parse(ps, Settings(), [kind(part) for part in chunking.sevens(ONE)]), expected)


def test_a_mutable_chunk_is_copied(parser: Any) -> None:
    chunk = bytearray(b"data")
    parser.feed(HEAD)
    (event,) = parser.feed(chunk)
    chunk[:] = b"lost"
    assert type(event) is bytes
    assert event == b"data"


def test_a_memoryview_may_be_strided(ps: ModuleType) -> None:
    strided = memoryview(bytes(b for byte in ONE for b in (byte, 0)))[::2]
    assert_same(parse(ps, Settings(), [strided]), parse(ps, Settings(), [ONE]))


@pytest.mark.parametrize("chunk", ["--B", 1, None, [45, 45], object()])
def test_refuses_what_is_not_bytes_like(parser: Any, chunk: object) -> None:
    with pytest.raises(TypeError, match=rf"^feed\(\) takes .*, not {type(chunk).__name__}$"):
        parser.feed(chunk)
    assert parser.feed(ONE)  # and no harm is done


def test_arguments_are_checked(ps: ModuleType) -> None:
    for wrong in ({"limits": None}, {"policy": "STRICT"}, {"limits": ps.Policy.DEFAULT}):
        (name,) = wrong
        with pytest.raises(TypeError, match=f"^{name} takes a partstream"):
            ps.MultipartParser("B", **wrong)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ((), {}),
        (("B", "form-data"), {}),
        (("B",), {"boundary": "C"}),
        (("B",), {"unknown": 1}),
        (("B",), {"subtype": "mixed", "unknown": 1}),
        ((), {"subtype": "mixed"}),
        (("B",), {"": 1}),
    ],
)
def test_arguments_that_do_not_fit_are_type_errors(
    ps: ModuleType, arguments: tuple[str, ...], named: dict[str, Any]
) -> None:
    class Inheriting(ps.MultipartParser):  # type: ignore[misc,name-defined]
        pass

    for kind in (ps.MultipartParser, Inheriting):
        with pytest.raises(TypeError):
            kind(*arguments, **named)


def test_arguments_may_come_in_any_way(ps: ModuleType) -> None:
    # A name that is put together is equal to the one that is looked for, and another object.
    built = {"".join(["sub", "type"]): "mixed", "".join(["bound", "ary"]): "B"}
    parsers = [
        ps.MultipartParser("B", subtype="mixed", nested=True),
        ps.MultipartParser(nested=True, subtype="mixed", boundary="B"),
        ps.MultipartParser(**built),
        ps.MultipartParser(b"B", policy=ps.Policy.DEFAULT, limits=ps.Limits(), subtype="mixed"),
    ]
    for parser in parsers:
        assert [type(event) for event in parser.feed(ONE)] == [ps.PartBegin, bytes, ps.PartEnd]
    with pytest.raises(TypeError, match=r"^subtype takes a str"):
        ps.MultipartParser("B", **{"".join(["sub", "type"]): None})


def test_an_argument_whose_truth_cannot_be_told_is_an_error() -> None:
    class Odd:
        def __bool__(self) -> bool:
            raise RuntimeError("neither")

    with pytest.raises(RuntimeError, match="neither"):
        twin("c").package.MultipartParser("B", nested=Odd())


@pytest.mark.parametrize(
    "boundary",
    ["", b"", "x" * 71, "a\r", "a\nb", "a\0b", "a\x7f", "caf\xe9", "\udcff", "b ", b"\xff", "\t"],
)
def test_a_boundary_that_cannot_be_used_is_refused(ps: ModuleType, boundary: str | bytes) -> None:
    with pytest.raises(ps.ParseError) as caught:
        ps.MultipartParser(boundary)
    assert caught.value.code == "invalid_boundary"
    assert caught.value.offset is None


@pytest.mark.parametrize("boundary", ["B", "x" * 70, ":", "--:", "a b", "'()+_,-./:=?", '"\\;'])
def test_a_boundary_may_hold_anything_printable(ps: ModuleType, boundary: str) -> None:
    data = form(field_part("a", b"1"), boundary=boundary)
    expected = parse(ps, Settings(boundary), [data])
    assert expected.fault is None
    assert_same(parse(ps, Settings(boundary.encode()), chunking.bytewise(data)), expected)


@pytest.mark.parametrize("boundary", [None, 1, ["B"]])
def test_a_boundary_is_text_or_bytes(ps: ModuleType, boundary: object) -> None:
    with pytest.raises(TypeError, match="boundary"):
        ps.MultipartParser(boundary)


@pytest.mark.parametrize("subtype", ["form-data", "Form-Data", "FORM-DATA"])
def test_the_subtype_is_compared_without_case(ps: ModuleType, subtype: str) -> None:
    escaped = form(field_part("%22", b""))
    parser = ps.MultipartParser("B", subtype=subtype)
    assert parser.feed(escaped)[0].name == '"'
    assert ps.MultipartParser("B", subtype="mixed").feed(escaped)[0].name == "%22"


# Where it is


def test_offset_counts_what_was_fed(parser: Any) -> None:
    assert parser.offset == 0
    for at, chunk in enumerate(chunking.bytewise(ONE)):
        assert parser.offset == at
        parser.feed(chunk)
    assert parser.offset == len(ONE)
    parser.feed(b"\r\nepilogue")
    assert parser.offset == len(ONE) + 10


def test_done_and_end_offset_tell_of_the_closing_delimiter(parser: Any) -> None:
    for chunk in chunking.bytewise(ONE):
        assert (parser.done, parser.end_offset) == (False, -1)
        parser.feed(chunk)
    assert (parser.done, parser.end_offset) == (True, len(ONE))
    parser.feed(b"\r\nepilogue")
    assert (parser.done, parser.end_offset) == (True, len(ONE))


def test_a_nested_closing_delimiter_is_not_the_end(ps: ModuleType) -> None:
    parser = ps.MultipartParser("B", subtype="mixed", nested=True)
    inner = Multipart("C", [Part((), b"1")])
    parser.feed(body(Multipart("B", [nested_part(inner)], closed=False)))
    assert not parser.done


# The end


def test_close_gives_nothing_behind_a_whole_stream(parser: Any) -> None:
    parser.feed(ONE)
    assert parser.close() == []
    assert parser.close() == []


def test_feed_after_close_is_misuse(ps: ModuleType, parser: Any) -> None:
    parser.feed(ONE)
    parser.close()
    with pytest.raises(ValueError, match="closed") as caught:
        parser.feed(b"")
    assert not isinstance(caught.value, ps.MultipartError)


@pytest.mark.parametrize("at", range(len(ONE)))
def test_close_before_the_end_is_an_error(ps: ModuleType, at: int) -> None:
    parser = ps.MultipartParser("B")
    parser.feed(ONE[:at])
    for _ in range(2):
        with pytest.raises(ps.IncompleteBody) as caught:
            parser.close()
        assert caught.value.offset == at
        assert caught.value.code in ("empty_body", "boundary_not_found", "truncated")
    with pytest.raises(ps.IncompleteBody):
        parser.feed(ONE[at:])


def test_a_truncated_stream_gives_events_where_it_is_tolerated(ps: ModuleType) -> None:
    parser = ps.MultipartParser("B", policy=ps.Policy.LEGACY)
    parser.feed(HEAD + b"1\r\n-")
    assert parser.close() == [b"\r\n-", ps.PartEnd(complete=False)]
    assert parser.close() == []
    assert parser.done


# Faults


def test_a_fault_comes_behind_the_good_events_of_its_chunk(ps: ModuleType, parser: Any) -> None:
    events = parser.feed(HEAD + b"1\r\n--B\n")
    assert isinstance(events, list)
    assert len(events) == 2
    seen: list[Any] = []
    with pytest.raises(ps.ParseError) as caught:
        seen.extend(_each(events))
    assert (caught.value.code, caught.value.offset) == ("bare_lf", len(HEAD) + 6)
    with pytest.raises(ps.ParseError):
        list(events)


def _each(events: list[Any]) -> Iterator[Any]:
    yield from events


def test_a_fault_alone_is_raised_by_feed(ps: ModuleType, parser: Any) -> None:
    with pytest.raises(ps.ParseError):
        parser.feed(b"--B\n")


def test_a_fault_is_raised_again(ps: ModuleType, parser: Any) -> None:
    with pytest.raises(ps.ParseError) as first:
        parser.feed(b"--B\n")
    for call in (lambda: parser.feed(b"x"), parser.close, lambda: parser.feed(b""), parser.close):
        with pytest.raises(ps.ParseError) as again:
            call()
        assert again.value is first.value


def test_a_fault_delivered_with_events_is_raised_again(ps: ModuleType, parser: Any) -> None:
    events = parser.feed(HEAD + b"1\r\n--B\n")
    with pytest.raises(ps.ParseError) as again:
        parser.close()
    assert again.value is events.error


# Sharing


def _odd_header(name: str) -> bytes:
    """A part whose headers are not plain: the scanner calls out to have them examined."""
    return b"--B\r\nX-A : b\r\nContent-Disposition: form-data; name=%b\r\n\r\n" % name.encode()


def _intercepted(
    ps: ModuleType, ps_module: Module, monkeypatch: pytest.MonkeyPatch, call: Callable[[], None]
) -> None:
    """Have ``call`` run while a parser is in the middle of feed()."""
    name = next(
        name
        for name in (f"_scanner_{ps.BACKEND}", "_blocks_py")
        if hasattr(ps_module(name), "examine")
    )
    examine = ps_module(name).examine

    def intercepted(*args: Any, **options: Any) -> Any:
        call()
        return examine(*args, **options)

    monkeypatch.setattr(ps_module(name), "examine", intercepted)


@pytest.mark.parametrize("call", ["feed", "close"])
def test_a_busy_parser_refuses_a_second_thread(
    ps: ModuleType, ps_module: Module, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    parser = ps.MultipartParser("B", policy=ps.Policy.LEGACY)
    refusals: list[Exception] = []

    def second() -> None:
        try:
            parser.feed(b"x") if call == "feed" else parser.close()
        except Exception as error:
            refusals.append(error)

    def meanwhile() -> None:
        thread = threading.Thread(target=second)
        thread.start()
        thread.join()

    _intercepted(ps, ps_module, monkeypatch, meanwhile)
    events = parser.feed(_odd_header("a") + b"1\r\n--B--")
    assert [type(error) for error in refusals] == [ValueError]
    assert "another thread" in str(refusals[0])
    assert [getattr(event, "name", event) for event in events[:2]] == ["a", b"1"]
    assert parser.close() == []


def test_a_busy_parser_refuses_its_own_thread(
    ps: ModuleType, ps_module: Module, monkeypatch: pytest.MonkeyPatch
) -> None:
    parser = ps.MultipartParser("B", policy=ps.Policy.LEGACY)
    refused = []

    def meanwhile() -> None:
        with pytest.raises(ValueError, match="in use"):
            parser.feed(b"x")
        refused.append(True)

    _intercepted(ps, ps_module, monkeypatch, meanwhile)
    assert parser.feed(_odd_header("a"))
    assert refused


def test_an_error_in_the_middle_ends_the_parser(
    ps: ModuleType, ps_module: Module, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a chunk has done when a signal handler raises amid it, nobody knows."""
    parser = ps.MultipartParser("B", policy=ps.Policy.LEGACY)

    def interrupt() -> None:
        raise KeyboardInterrupt

    _intercepted(ps, ps_module, monkeypatch, interrupt)
    with pytest.raises(KeyboardInterrupt):
        parser.feed(_odd_header("a"))
    monkeypatch.undo()
    with pytest.raises(ValueError, match="interrupted"):
        parser.feed(b"x")
    with pytest.raises(ValueError, match="interrupted"):
        parser.close()


def test_parsers_in_threads_do_not_disturb_each_other(ps: ModuleType) -> None:
    expected = parse(ps, Settings(), [ONE])
    found: list[Outcome] = []
    barrier = threading.Barrier(4)

    def work() -> None:
        barrier.wait()
        found.extend(parse(ps, Settings(), chunking.bytewise(ONE)) for _ in range(20))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 80
    assert all(outcome == expected for outcome in found)


def test_a_parser_is_no_value(parser: Any) -> None:
    with pytest.raises(TypeError):
        pickle.dumps(parser)


def test_a_parser_takes_no_attributes(parser: Any) -> None:
    with pytest.raises(AttributeError):
        parser.attribute = 1


def test_a_parser_can_be_subclassed(ps: ModuleType) -> None:
    class Counting(ps.MultipartParser):  # type: ignore[misc,name-defined]
        fed = 0

        def feed(self, chunk: bytes) -> Any:
            self.fed += 1
            return super().feed(chunk)

    parser = Counting("B")
    parser.feed(ONE)
    assert (parser.fed, parser.done) == (1, True)


def test_doctests(ps_module: Module) -> None:
    results = doctest.testmod(ps_module("parser"))
    assert results.attempted > 0
    assert results.failed == 0


# The event at the beginning of a part


def _begin(ps: ModuleType, data: bytes, **options: Any) -> Any:
    return ps.MultipartParser("B", **options).feed(data)[0]


def test_a_beginning_tells_of_its_part(ps: ModuleType) -> None:
    data = form(file_part("a", "b.txt", b"1", ("Content-Type", "Text/Plain ; x=y"), ("X-A", "c")))
    begin = _begin(ps, b"\r\n" + data)
    assert (begin.name, begin.filename, begin.content_type) == ("a", "b.txt", "text/plain")
    assert (begin.depth, begin.offset, begin.multipart) == (0, 7, False)
    assert begin.body_offset == (b"\r\n" + data).index(b"\r\n\r\n") + 4
    assert begin.headers["CONTENT-type"] == "Text/Plain ; x=y"
    assert list(begin.headers) == ["Content-Disposition", "Content-Type", "X-A"]
    assert begin.headers is begin.headers


def test_the_headers_of_a_beginning_cannot_be_changed(ps: ModuleType) -> None:
    with pytest.raises(TypeError):
        _begin(ps, ONE).headers["X-A"] = "b"


def test_repeated_headers_are_all_there(ps: ModuleType) -> None:
    begin = _begin(ps, form(field_part("a", b"", ("X-A", "b"), ("x-a", "c"))))
    assert begin.headers.getall("X-A") == ["b", "c"]


def test_beginnings_are_equal_where_place_and_headers_are(ps: ModuleType) -> None:
    one, same, other = (_begin(ps, data) for data in (ONE, ONE, b"\r\n" + ONE))
    assert one == same
    assert hash(one) == hash(same)
    assert one != other
    assert one != "a"
    assert one != _begin(ps, form(field_part("b", b"1")))


def test_a_beginning_shows_itself(ps: ModuleType) -> None:
    expected = "PartBegin(name='a', filename=None, content_type=None, depth=0, offset=5)"
    assert repr(_begin(ps, ONE)) == expected


def test_a_beginning_has_no_other_attributes(ps: ModuleType) -> None:
    with pytest.raises(AttributeError):
        _begin(ps, ONE).attribute = 1


@pytest.mark.parametrize(
    "attribute", ["name", "filename", "content_type", "headers", "depth", "offset", "multipart"]
)
def test_a_beginning_is_immutable(ps: ModuleType, attribute: str) -> None:
    begin = _begin(ps, ONE)
    before = getattr(begin, attribute)
    with pytest.raises(AttributeError):
        setattr(begin, attribute, None)
    with pytest.raises(AttributeError):
        delattr(begin, attribute)
    assert getattr(begin, attribute) == before


def test_what_is_asked_for_most_is_read_without_a_call() -> None:
    kind = twin("c").package.PartBegin
    for attribute in ("name", "filename", "content_type"):
        assert inspect.ismemberdescriptor(vars(kind)[attribute])
        assert vars(kind)[attribute].__doc__


@pytest.mark.parametrize("name", ["n", "", "é", "日本", "x" * 300, "a b"])
@pytest.mark.parametrize("kind", [None, "text/plain", "Text/PLAIN; a=b", "é/X", "a ;b", ";", "ß"])
def test_a_beginning_tells_text_of_any_kind(ps: ModuleType, name: str, kind: str | None) -> None:
    extra = [] if kind is None else [("Content-Type", kind)]
    begin = _begin(ps, form(file_part(name, name[::-1], b"1", *extra)))
    assert (begin.name, begin.filename) == (name, name[::-1])
    essence = None if kind is None else kind.partition(";")[0].strip().lower()
    assert begin.content_type == essence


def test_a_beginning_travels_alike_with_both_twins() -> None:
    """Either both twins' beginnings can be pickled, or neither can."""
    assert _pickles("c") == _pickles("py")


def _pickles(name: str) -> bool:
    with twin(name).active():
        try:
            pickle.dumps(_begin(twin(name).package, ONE))
        except (TypeError, pickle.PicklingError):
            return False
    return True


def test_a_parser_cannot_be_used_again(ps: ModuleType) -> None:
    parser = ps.MultipartParser("B")
    with pytest.raises(ValueError, match="used again"):
        parser.__init__("C")


@pytest.mark.parametrize("action", ["close", "feed"])
def test_a_parser_that_was_not_set_up_says_so(ps: ModuleType, action: str) -> None:
    parser = ps.MultipartParser.__new__(ps.MultipartParser)
    with pytest.raises(ps.ParseError):
        parser.__init__("")
    with pytest.raises(ValueError, match=r"call super\(\).__init__\(\) first"):
        parser.close() if action == "close" else parser.feed(b"\n--hello\r\n" * 20)


@pytest.mark.parametrize("subtype", [None, b"form-data", 1])
def test_a_subtype_that_is_no_text_is_refused(ps: ModuleType, subtype: Any) -> None:
    with pytest.raises(TypeError, match="subtype takes a str"):
        ps.MultipartParser("B", subtype=subtype)


def test_a_short_boundary_waits_for_a_longer_one_despite_its_padding(ps: ModuleType) -> None:
    inner = "B" + " " * 66 + "x"
    data = (
        f'--B\r\nContent-Type: multipart/mixed; boundary="{inner}"\r\n\r\n'
        f"--{inner}\r\n\r\nhi\r\n--{inner}--\r\n\r\n--B--\r\n"
    ).encode()
    settings = Settings("B", "mixed", nested=True)
    whole = parse(ps, settings, [data])
    assert whole.fault is None
    for chunks in chunking.every(data):
        assert_same(parse(ps, settings, chunks), whole, [])


def test_a_delimiter_within_the_headers_of_a_multipart_ends_an_empty_part(ps: ModuleType) -> None:
    data = b'--B\r\nContent-Type: multipart/mixed; boundary="B--"\r\n--B--\r\n\r\nxx\r\n--B--\r\n'
    outcome = parse(ps, Settings("B", "mixed", nested=True, policy="LEGACY"), [data])
    assert outcome.fault is None
    assert len(outcome.events) == 2


@pytest.mark.parametrize(("limit", "offset"), [("max_parts", 0), ("max_headers", 5)])
def test_a_limit_of_nothing(ps: ModuleType, limit: str, offset: int) -> None:
    limits = ps.Limits(**{limit: 0})
    data = b'--B\r\nContent-Disposition: form-data; name="a"\r\n\r\nx'
    for chunks in chunking.every(data):
        parser = ps.MultipartParser("B", limits=limits)
        with pytest.raises(ps.LimitExceeded) as caught:
            _feed_all(parser, chunks)
        assert (caught.value.code, caught.value.offset) == (limit, offset)


def _feed_all(parser: Any, chunks: list[bytes]) -> None:
    for chunk in chunks:
        parser.feed(chunk)
