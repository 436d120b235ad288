"""The policy: presets that differ where they say, values that are checked, and what they become."""

from __future__ import annotations

import dataclasses
import pickle
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from support.events import Settings, parse

PRESETS = ("STRICT", "DEFAULT", "LEGACY")

#: What no policy can tolerate, because there is nothing sensible to go on with.
_REFUSED = {
    "boundary_not_found", "empty_body", "header_control", "invalid_boundary", "missing_boundary",
    "not_multipart",
}  # fmt: skip

#: Choices that a whole form makes, and no parser.
_OF_FORMS = {"charset_field", "nameless_in_form"}


def _fields(ps: ModuleType) -> list[Any]:
    return [item for item in dataclasses.fields(ps.Policy) if item.init]


def test_the_default_is_the_default(ps: ModuleType) -> None:
    assert ps.Policy() == ps.Policy.DEFAULT
    assert len({ps.Policy.STRICT, ps.Policy.DEFAULT, ps.Policy.LEGACY}) == 3


def test_each_field_is_documented(ps: ModuleType) -> None:
    for item in _fields(ps):
        assert item.metadata["doc"].endswith("."), item.name
        assert item.metadata["row"], item.name


def test_presets_are_ordered(ps: ModuleType) -> None:
    """What a stricter preset tolerates, a more tolerant one does too."""
    strict, default, legacy = (getattr(ps.Policy, name) for name in PRESETS)
    for kind in ("form_mask", "other_mask"):
        masks = [getattr(policy, kind) for policy in (strict, default, legacy)]
        assert masks[0] & masks[1] == masks[0]
        assert masks[1] & masks[2] == masks[1]


def test_each_field_moves_a_bit(ps: ModuleType) -> None:
    """No field is without effect: its extremes give other masks."""
    for item in _fields(ps):
        if item.name in _OF_FORMS:
            continue  # a reader asks for it by name
        values = {item.metadata["strict"], item.default, item.metadata["legacy"], "always", "never"}
        policies = []
        for value in values:
            try:
                policies.append(dataclasses.replace(ps.Policy.DEFAULT, **{item.name: value}))
            except ValueError:
                continue
        assert len({(policy.form_mask, policy.other_mask) for policy in policies}) > 1, item.name


@pytest.mark.parametrize(
    ("value", "form", "other"),
    [("never", 0, 0), ("form", 1, 0), ("other", 0, 1), ("always", 1, 1)],
)
def test_where_something_is_tolerated(ps: ModuleType, value: str, form: int, other: int) -> None:
    policy = ps.Policy(bare_lf=value)
    bit = ps.Deviation.BARE_LF.bit
    assert (bool(policy.form_mask & bit), bool(policy.other_mask & bit)) == (form, other)


@pytest.mark.parametrize("subtype", ["form-data", "mixed"])
@pytest.mark.parametrize("value", ["never", "form", "other", "always"])
def test_tolerance_reaches_the_scanner(ps: ModuleType, subtype: str, value: str) -> None:
    data = b'--B\nContent-Disposition: form-data; name="a"\n\n1\n--B--'
    outcome = parse(ps, Settings(subtype=subtype, choices={"bare_lf": value}), [data])
    tolerated = value == "always" or value == ("form" if subtype == "form-data" else "other")
    assert (outcome.fault is None) == tolerated


def test_the_policy_of_a_child_is_that_of_its_subtype(ps: ModuleType) -> None:
    """A form's part that is multipart/mixed is no form: its own parts may be folded."""
    data = (
        b'--B\r\nContent-Disposition: form-data; name="a"\r\n'
        b"Content-Type: multipart/mixed; boundary=C\r\n\r\n"
        b"--C\r\nX-A: b\r\n c\r\n\r\n1\r\n--C--\r\n--B--"
    )
    for subtype, code in (("mixed", None), ("form-data", "folded_header")):
        changed = data.replace(b"multipart/mixed", f"multipart/{subtype}".encode())
        fault = parse(ps, Settings(nested=True), [changed]).fault
        assert (fault and fault.code) == code


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("bare_lf", "sometimes"),
        ("bare_lf", True),
        ("bare_lf", None),
        ("windows_path", "always"),
        ("windows_path", "yes"),
        ("extended_in_form", "always"),
        ("unsafe_charset", "never"),
        ("unsafe_charset", None),
    ],
)
def test_values_are_checked(ps: ModuleType, name: str, value: object) -> None:
    with pytest.raises(ValueError, match=rf"^Policy\({name}={value!r}\): must be one of "):
        ps.Policy(**{name: value})


@pytest.mark.parametrize("value", [[], {}, set()])
def test_values_that_cannot_be_hashed_are_refused_alike(ps: ModuleType, value: object) -> None:
    with pytest.raises(ValueError, match="must be one of"):
        ps.Policy(bare_lf=value)


def test_unknown_fields_are_refused(ps: ModuleType) -> None:
    with pytest.raises(TypeError):
        ps.Policy(bare_fl="always")
    with pytest.raises(TypeError):
        ps.Policy("always")


@pytest.mark.parametrize("name", PRESETS)
def test_policies_are_values(ps: ModuleType, name: str) -> None:
    policy = getattr(ps.Policy, name)
    with pytest.raises(dataclasses.FrozenInstanceError):
        policy.bare_lf = "always"
    again = pickle.loads(pickle.dumps(policy))
    assert again == policy
    assert hash(again) == hash(policy)
    assert (again.form_mask, again.other_mask) == (policy.form_mask, policy.other_mask)
    assert "mask" not in repr(policy)


def test_a_derived_policy_has_masks_of_its_own(ps: ModuleType) -> None:
    derived = dataclasses.replace(ps.Policy.STRICT, bare_lf="always")
    assert derived.form_mask == ps.Policy.STRICT.form_mask | ps.Deviation.BARE_LF.bit


def test_every_tolerance_is_that_of_a_deviation(ps: ModuleType) -> None:
    codes = {deviation.code for deviation in ps.Deviation}
    names = {item.name for item in _fields(ps)}
    assert names - codes <= {"extended_in_form", "windows_path"} | _OF_FORMS


@pytest.mark.parametrize("code", sorted(_REFUSED))
def test_some_deviations_are_never_tolerated(ps: ModuleType, code: str) -> None:
    bit = next(deviation.bit for deviation in ps.Deviation if deviation.code == code)
    everything = {item.name: "always" for item in _fields(ps) if "always" in _values(ps, item.name)}
    policy = dataclasses.replace(ps.Policy.LEGACY, **everything)
    assert not (policy.form_mask | policy.other_mask) & bit


def _values(ps: ModuleType, name: str) -> list[object]:
    """Give the values that a field takes, of those that fields take at all."""
    taken: list[object] = []
    for value in ("always", "never", "error", False):
        try:
            ps.Policy(**{name: value})
        except ValueError:
            continue
        taken.append(value)
    return taken


def test_settings_are_checked(ps_module: Callable[[str], ModuleType]) -> None:
    policy, limits = ps_module("policy"), ps_module("limits")
    policy.check_settings(limits.Limits.STREAM, policy.Policy.STRICT)
    with pytest.raises(TypeError, match="limits"):
        policy.check_settings(None, policy.Policy.STRICT)
    with pytest.raises(TypeError, match="policy"):
        policy.check_settings(limits.Limits.STREAM, "STRICT")
