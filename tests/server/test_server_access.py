"""Who reads which page: holders of the token all, holders of a link one run for a day, nobody else any."""

import hashlib
from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from bot.server.links import run_link
from tests.server.house import NOW, PULL, REPOSITORY, TOKEN, VAULT, House, a_row

OTHERS = ("/", "/runs", "/locks", "/runs/other", "/runs/other/log?place=infra/network:default", "/runs/nowhere")


def _link(run: str, now=NOW, private: bool = True) -> str:
    return run_link(VAULT, "http://bot.example", replace(REPOSITORY, private=private), run, now)


def _path(link: str) -> str:
    return link.removeprefix("http://bot.example")


def _with_runs(house: House) -> House:
    house.add_run("mine", a_row("mine"))
    house.add_run("other", a_row("other"))
    path = house.doors.log_path("mine", "infra/network:default")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("hello from the tool\n")
    return house


def test_without_a_token_set_pages_say_how_to_set_one(open_house):
    house = open_house(token=None)
    for path in OTHERS:
        answer = house.get(path, token=None)
        assert answer.status_code == 403
        assert "GITOPS_BOT_SERVER__TOKEN" in answer.text


def test_without_a_token_set_no_token_is_right(open_house):
    house = open_house(token=None)
    assert house.get("/runs", token="").status_code == 403
    assert house.get("/runs", token="None").status_code == 403
    assert house.post("/login", data={"token": ""}).status_code == 403


def test_nobody_reads_a_page_without_the_token(house):
    _with_runs(house)
    for path in OTHERS:
        answer = house.get(path, token=None)
        assert answer.status_code == 401
        assert "Widen the subnet" not in answer.text


def test_a_run_that_exists_and_one_that_does_not_look_the_same_from_outside(house):
    _with_runs(house)
    known, unknown = (house.get(f"/runs/{id}", token=None) for id in ("other", "nowhere"))
    assert known.text.replace("other", "") == unknown.text.replace("nowhere", "")


def test_the_token_as_a_bearer_opens_pages(house):
    assert house.get("/runs").status_code == 200
    assert house.get("/runs", token="wrong").status_code == 401


def test_signing_in_opens_pages_with_a_cookie_that_is_not_the_token(house):
    answer = house.post("/login", data={"token": TOKEN, "next": "/locks"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/locks")
    session, mark = sorted(answer.raw.headers.getlist("Set-Cookie"))
    assert session.startswith("gitops_bot_session=")
    assert "HttpOnly" in session
    assert "SameSite=Strict" in session
    assert TOKEN not in session
    assert "Secure" not in session
    assert mark.startswith("gitops_bot_signed_in=1;")
    assert house.get("/locks", token=None).status_code == 200


def test_behind_https_cookies_are_secure(open_house):
    answer = open_house(url="https://bot.example").post("/login", data={"token": TOKEN})
    assert all("Secure" in cookie for cookie in answer.raw.headers.getlist("Set-Cookie"))


def test_another_token_ends_every_session(open_house):
    before, after = open_house(), open_house(token="another")
    cookie = before.post("/login", data={"token": TOKEN}).cookies["gitops_bot_session"]
    assert before.get("/runs", token=None).status_code == 200
    assert after.get("/runs", token=None, cookies={"gitops_bot_session": cookie}).status_code == 401


@pytest.mark.parametrize("session", ["", ".", "1", "1.", "é.é", "99999999999.00", "99999999999999999999999999.00"])
def test_a_made_up_session_opens_nothing(house, session):
    cookie = {"Cookie": f"gitops_bot_session={session}".encode()}
    assert house.get("/runs", token=None, headers=cookie).status_code == 401


def test_a_session_ends_by_itself(house):
    expired = int((NOW - timedelta(seconds=1)).timestamp())
    words = f"session until {expired} of {hashlib.sha256(TOKEN.encode()).hexdigest()}"
    cookies = {"gitops_bot_session": f"{expired}.{VAULT.sign(words)}"}
    assert house.get("/runs", token=None, cookies=cookies).status_code == 401
    later = int((NOW + timedelta(hours=1)).timestamp())
    cookies = {"gitops_bot_session": f"{later}.{VAULT.sign(words.replace(str(expired), str(later)))}"}
    assert house.get("/runs", token=None, cookies=cookies).status_code == 200


def test_after_ten_wrong_tokens_wrong_ones_wait_and_the_right_one_never_does(house):
    assert {house.post("/login", data={"token": f"guess {n}"}).status_code for n in range(10)} == {401}
    answer = house.post("/login", data={"token": "guess 11"})
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "60")
    assert house.get("/runs", token="guess 12").status_code == 429
    assert house.post("/login", data={"token": TOKEN}).status_code == 303
    assert house.get("/runs").status_code == 200


def test_behind_a_trusted_proxy_each_address_guesses_for_itself(open_house):
    proxied = open_house(trusted_proxy="127.0.0.1")
    assert {guess(proxied, n, "192.0.2.1") for n in range(11)} == {401, 429}
    assert guess(proxied, 12, "192.0.2.2") == 401
    assert guess(proxied, 13, "192.0.2.9, 192.0.2.1") == 429  # what the proxy itself saw stands last


def test_without_one_nobody_chooses_an_address(house):
    assert {guess(house, n, f"192.0.2.{n}") for n in range(11)} == {401, 429}


def guess(house, number, address):
    form, headers = {"token": f"guess {number}"}, {"X-Forwarded-For": address}
    return house.post("/login", data=form, headers=headers).status_code


def test_wrong_tokens_do_not_keep_out_who_is_signed_in_already(house):
    house.post("/login", data={"token": TOKEN})
    for n in range(11):
        house.post("/login", data={"token": f"guess {n}"})
    assert house.get("/runs", token=None).status_code == 200


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://bot.example.evil.example"])
def test_a_form_on_another_site_cannot_sign_anyone_in(house, origin):
    answer = house.post("/login", data={"token": TOKEN}, headers={"Origin": origin})
    assert answer.status_code == 403
    assert "Set-Cookie" not in answer.headers


def test_without_an_address_of_ours_a_form_of_nowhere_cannot_either(open_house):
    house = open_house(url="")
    assert house.post("/login", data={"token": TOKEN}, headers={"Origin": "null"}).status_code == 403
    assert house.post("/login", data={"token": TOKEN}, headers={"Origin": house.address}).status_code == 303


def test_our_own_form_signs_in_by_whichever_of_our_names(house):
    for origin in (house.address, "http://bot.example"):
        assert house.post("/login", data={"token": TOKEN}, headers={"Origin": origin}).status_code == 303


@pytest.mark.parametrize("next", ["//evil.example", "/\\evil.example", "https://evil.example", "/\t/evil.example", ""])
def test_signing_in_leads_only_to_our_own_pages(house, next):
    assert house.post("/login", data={"token": TOKEN, "next": next}).headers["Location"] == "/"


def test_the_form_leads_back_to_the_page_that_was_asked_for(house):
    form = house.get("/runs?state=done&kind=plan", token=None).text
    assert 'name="next" value="/runs?state=done&amp;kind=plan"' in form


def test_who_comes_from_the_forge_and_is_signed_in_is_asked_again_only_once(house):
    mark = {"gitops_bot_signed_in": "1"}
    first = house.get("/runs?kind=plan", token=None, cookies=mark)
    assert '<meta http-equiv="refresh" content="0;url=/runs?kind=plan&amp;again=1">' in first.text
    assert "refresh" not in house.get("/runs?kind=plan&again=1", token=None, cookies=mark).text
    assert "refresh" not in house.get("/runs", token=None).text


def test_a_link_in_a_private_repository_opens_its_run_and_log_and_nothing_else(open_house):
    for token in (TOKEN, None):
        house = _with_runs(open_house(token=token))
        path = _path(_link("mine"))
        page = house.get(path, token=None)
        assert page.status_code == 200
        assert "Widen the subnet" in page.text
        query = urlsplit(path).query
        for kind in ("log", "log.txt"):
            log = house.get(f"/runs/mine/{kind}?place=infra/network:default&{query}", token=None)
            assert log.status_code == 200
            assert "hello from the tool" in log.text
        for other in OTHERS:
            assert house.get(f"{other}{'&' if '?' in other else '?'}{query}", token=None).status_code in (401, 403)


def test_links_on_the_page_of_a_link_open_too(house):
    _with_runs(house)
    page = house.get(_path(_link("mine")), token=None).text
    log = page.partition('class="ways">')[2].partition('href="')[2].partition('"')[0].replace("&amp;", "&")
    text = house.get(log, token=None)
    assert "hello from the tool" in text.text
    back = text.text.partition('<p class="crumb"><a href="')[2].partition('"')[0].replace("&amp;", "&")
    assert house.get(back, token=None).status_code == 200
    assert "/runs?" not in page


def test_pages_of_the_token_hand_no_signature_on(house):
    _with_runs(house)
    assert "signature=" not in house.get(_path(_link("mine"))).text


def test_a_link_is_open_for_a_day(house):
    _with_runs(house)
    assert house.get(_path(_link("mine", NOW - timedelta(hours=23))), token=None).status_code == 200
    closed = house.get(_path(_link("mine", NOW - timedelta(hours=24, minutes=1))), token=None)
    assert closed.status_code == 401
    assert "expired" in closed.text


@pytest.mark.parametrize("signature", ["", "0" * 64, "é", "\ud800"])
def test_a_link_with_another_signature_is_closed(house, signature):
    _with_runs(house)
    expires = parse_qs(urlsplit(_link("mine")).query)["expires"][0]
    quoted = signature.encode(errors="surrogatepass").hex("%", 1)
    path = f"/runs/mine?expires={expires}&signature={'%' if quoted else ''}{quoted}"
    assert house.get(path, token=None).status_code == 401


def test_a_link_cannot_be_made_to_last(house):
    _with_runs(house)
    query = parse_qs(urlsplit(_link("mine", NOW - timedelta(days=2))).query)
    path = f"/runs/mine?expires={int(query['expires'][0]) + 10**6}&signature={query['signature'][0]}"
    assert house.get(path, token=None).status_code == 401


def test_a_link_in_a_public_repository_is_unsigned_and_needs_the_token(house):
    _with_runs(house)
    assert _link("mine", private=False) == "http://bot.example/runs/mine"
    assert house.get("/runs/mine", token=None).status_code == 401
    assert house.get("/runs/mine").status_code == 200


def test_pages_take_no_orders(house):
    _with_runs(house)
    for path in ("/runs", "/runs/mine", "/locks", "/runs/mine/log"):
        assert house.session.post(house.address + path, headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 405


def test_a_path_that_leads_nowhere_is_not_found(house):
    assert house.get("/etc/passwd").status_code == 404
    assert PULL.title not in house.get("/etc/passwd").text
