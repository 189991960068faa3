"""No value of a Secret is shown, in whatever form and wherever it stands."""

import base64
import json
from typing import Any

import pytest

from bot.kube.objects.masking import LAST_APPLIED, MASKED, Mask, scrub, secret_texts

PASSWORD = 'hunter2 "quoted" <angle> ümlaut'
MASK = Mask(b"the key of one repository")


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def secret(name: str = "db", **more: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": "shop"}, **more}


def shown(body: dict[str, Any]) -> str:
    return json.dumps(MASK.mask(body), ensure_ascii=False)


def test_neither_data_nor_string_data_is_shown() -> None:
    text = shown(secret(data={"password": encoded(PASSWORD)}, stringData={"token": "letmein"}))
    assert '"password": "••••' in text
    assert '"token": "••••' in text
    assert encoded(PASSWORD) not in text
    assert "letmein" not in text


def test_equal_values_have_equal_fingerprints_whichever_way_they_are_written() -> None:
    data = MASK.mask(secret(data={"a": encoded("same"), "c": encoded("other")}, stringData={"b": "same"}))["data"]
    assert data["a"] == data["b"] != data["c"]


def test_the_fingerprint_depends_on_the_key_and_tells_no_length() -> None:
    other = Mask(b"another key")
    assert MASK.fingerprint(b"x") != other.fingerprint(b"x")
    assert len(MASK.fingerprint(b"")) == len(MASK.fingerprint(b"x" * 1000)) == len(MASKED) + 6


def test_a_last_applied_annotation_shows_nothing_on_any_object() -> None:
    applied = json.dumps(secret(data={"password": encoded(PASSWORD)}))
    for body in (secret(), {"kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"plain": "seen"}}):
        body["metadata"]["annotations"] = {LAST_APPLIED: applied, "team": "a"}
        text = shown(body)
        assert encoded(PASSWORD) not in text
        assert '"team": "a"' in text
    assert '"plain": "seen"' in text


def test_another_annotation_of_a_secret_that_repeats_its_value_is_scrubbed() -> None:
    body = secret(data={"password": encoded(PASSWORD)})
    body["metadata"]["annotations"] = {"kapp.k14s.io/original": json.dumps(body)}
    assert encoded(PASSWORD) not in shown(body)


def test_managed_fields_are_kept_for_comparing_only() -> None:
    body = secret()
    body["metadata"]["managedFields"] = [{"manager": "kubectl"}]
    assert "managedFields" not in MASK.mask(body)["metadata"]
    assert MASK.mask_values(body)["metadata"]["managedFields"] == [{"manager": "kubectl"}]
    assert body["metadata"]["managedFields"] == [{"manager": "kubectl"}]


def test_a_secret_within_another_object_and_in_a_list_is_masked_too() -> None:
    inner = secret(stringData={"token": "letmein"})
    bare = {key: value for key, value in inner.items() if key != "kind"}
    for body in ({"kind": "Template", "objects": [inner]}, {"kind": "SecretList", "items": [bare]}):
        assert "letmein" not in shown(body)
        assert "letmein" in secret_texts([body])


@pytest.mark.parametrize(
    "data", ["letmein", ["letmein"], {"a": 12345678}, {"a": {"b": "letmein"}}, {"a": "let me in!"}]
)
def test_values_of_the_wrong_shape_are_masked_as_well(data: object) -> None:
    text = shown(secret(data=data))
    assert "letmein" not in text
    assert "let me in" not in text
    assert "12345678" not in text


FORMS = {
    "plain": PASSWORD,
    "base64": encoded(PASSWORD),
    "base64 without padding": encoded(PASSWORD).rstrip("="),
    "base64 of a part of something longer": encoded(f"user:{PASSWORD}@host"),
    "base64 after one more letter": encoded(f"user1:{PASSWORD}@host"),
    "base64 after two more letters": encoded(f"user12:{PASSWORD}@host"),
    "url-safe base64": base64.urlsafe_b64encode(PASSWORD.encode()).decode(),
    "in JSON": json.dumps({"password": PASSWORD}),
    "in JSON as Python has it not": json.dumps({"password": PASSWORD}, ensure_ascii=False),
    "in JSON in JSON": json.dumps(json.dumps({"password": PASSWORD})),
    "as Go escapes it": json.dumps(PASSWORD, ensure_ascii=False).replace("<", "\\u003c").replace(">", "\\u003e"),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
@pytest.mark.parametrize("end", ["", "\n"])
def test_a_text_is_scrubbed_of_a_value_in_every_form(form: str, end: str) -> None:
    secrets = secret_texts([secret(data={"password": encoded(PASSWORD + end)})])
    text = scrub(f'admission webhook denied: "{form}" is weak', secrets)
    assert text.startswith('admission webhook denied: "')
    assert MASKED in text
    assert "hunter2" not in text
    assert encoded(PASSWORD)[8:30] not in text


def test_parts_of_a_value_that_is_json_or_has_lines_are_secrets_too() -> None:
    login = {"auths": {"registry.example": {"auth": encoded("bob:swordfish")}}}
    key = "-----BEGIN KEY-----\nMIIEvQIBADANBg\n-----END KEY-----\n"
    url = "postgres://shop:correcthorse@db/shop"
    body = secret(data={".dockerconfigjson": encoded(json.dumps(login)), "tls.key": encoded(key), "u": encoded(url)})
    text = scrub("got swordfish and MIIEvQIBADANBg and correcthorse", secret_texts([body]))
    assert text == f"got {MASKED} and {MASKED} and {MASKED}"


def test_what_was_last_applied_is_a_secret_even_where_the_value_is_another_now() -> None:
    body = secret(data={"password": encoded("the new one")})
    body["metadata"]["annotations"] = {LAST_APPLIED: json.dumps(secret(stringData={"password": "the old one"}))}
    assert scrub("was: the old one", secret_texts([body])) == f"was: {MASKED}"


def test_short_values_are_scrubbed_only_where_they_stand_alone() -> None:
    secrets = secret_texts([secret(stringData={"pin": "4711\n", "flag": "1"})])
    assert (
        scrub('invalid value "4711", not 14711, in line 1', secrets)
        == f'invalid value "{MASKED}", not 14711, in line 1'
    )


def test_values_that_are_no_text_do_no_harm() -> None:
    torn = json.dumps({"password": "long\ud800enough"})
    body = secret(data={"a": base64.b64encode(bytes(range(256))).decode(), "b": None}, stringData={"c": torn, "d": ""})
    assert scrub("nothing here", secret_texts([body])) == "nothing here"
    assert MASK.mask(body)["data"]["a"] == MASK.fingerprint(bytes(range(256)))


def test_other_objects_have_no_secrets() -> None:
    assert secret_texts([{"kind": "ConfigMap", "data": {"password": "letmein"}}]) == frozenset()


@pytest.mark.parametrize("name", ["service/prom-adapter", "kube-prom", "prom.shop.svc", "a_prom_b"])
def test_a_short_value_that_stands_inside_a_name_is_no_secret_there(name: str) -> None:
    secrets = secret_texts([{"kind": "Secret", "stringData": {"user": "prom"}}])
    assert scrub(f"{name} is wrong, not prom.", secrets) == f"{name} is wrong, not {MASKED}."
