"""Settings come from the environment, and every mistake in them is told in words at once."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from hub.config import Settings, SettingsError, derived_key, described, house_key, load_settings


def mistakes_of(**env: str) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        load_settings(env)
    return caught.value.mistakes


def test_an_empty_environment_is_a_hub_on_this_machine() -> None:
    settings = load_settings({})
    assert settings.port == 8080
    assert settings.public_url == "http://localhost:8080"
    assert settings.files_url == "http://127.0.0.1:8080"
    assert settings.database_url == f"sqlite:///{Path('var').resolve()}/hub.sqlite3"
    assert settings.is_local
    assert not settings.is_secure


def test_what_is_left_out_follows_from_what_is_given(tmp_path: Path) -> None:
    settings = load_settings({"HUB_PORT": "9000", "HUB_DATA_DIR": str(tmp_path), "HUB_NODE": ""})
    assert settings.public_url == "http://localhost:9000"
    assert settings.database_url == f"sqlite:///{tmp_path}/hub.sqlite3"
    assert settings.node == 0


@pytest.mark.parametrize(
    ("public", "files"),
    [
        ("http://127.0.0.1:81/", "http://localhost:81"),
        ("http://localhost", "http://127.0.0.1"),
        ("https://Hub.Example.com:443", None),
    ],
)
def test_only_a_loopback_name_has_a_second_name_of_its_own_for_files(public: str, files: str | None) -> None:
    assert load_settings({"HUB_PUBLIC_URL": public}).files_url == files


def test_an_origin_is_kept_in_one_spelling() -> None:
    assert load_settings({"HUB_PUBLIC_URL": "https://Hub.Example.com:443/"}).public_url == "https://hub.example.com"
    assert load_settings({"HUB_PUBLIC_URL": "http://[::1]:8080"}).public_url == "http://[::1]:8080"


def test_all_mistakes_are_told_at_once_each_with_an_example() -> None:
    told = mistakes_of(
        HUB_PORT="many",
        HUB_NODE="16",
        HUB_DATABASE_URL="mysql://u@h/d",
        HUB_TRUSTED_PROXIES="10.0.0.1/8",
        HUB_LOG_FORMAT="xml",
        HUB_LOG_PII="perhaps",
        HUB_PUBLIC_URL="hub.example.com",
    )
    names = "DATABASE_URL LOG_FORMAT LOG_PII NODE PORT PUBLIC_URL TRUSTED_PROXIES"
    assert sorted(line.split(":")[0].split("=")[0] for line in told) == [f"HUB_{name}" for name in names.split()]
    assert all("Example: HUB_" in line for line in told)


def test_one_wrong_variable_is_one_mistake_although_others_follow_from_it() -> None:
    assert mistakes_of(HUB_PORT="0") == ["HUB_PORT=0: must be at least 1. Example: HUB_PORT=8080"]


def test_a_misspelt_variable_is_named_with_what_was_meant() -> None:
    assert mistakes_of(HUB_PROT="8080") == ["HUB_PROT is not a setting of the hub. Did you mean HUB_PORT?"]
    assert mistakes_of(HUB_XYZZY="1") == ["HUB_XYZZY is not a setting of the hub. See: hub settings"]


def test_other_programs_variables_are_none_of_the_hubs() -> None:
    assert load_settings({"PORT": "1", "PATH": "/bin", "hub_port": "x"}).port == 8080


@pytest.mark.parametrize(
    "url",
    ["ftp://x", "https://", "https://a/b", "https://a?b", "https://u:p@a", "http://a:b", "//a", "https://[::1", "x"],
)
def test_an_address_that_is_no_origin_is_refused(url: str) -> None:
    assert mistakes_of(HUB_PUBLIC_URL=url)


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "oracle://x", "nonsense"])
def test_a_database_that_would_keep_nothing_is_refused(url: str) -> None:
    assert mistakes_of(HUB_DATABASE_URL=url)


def test_every_spelling_of_postgresql_means_the_one_driver() -> None:
    for spelling in ("postgres", "postgresql", "postgresql+psycopg2"):
        given = load_settings({"HUB_DATABASE_URL": f"{spelling}://hub:pass@db/hub"})
        assert given.database_url == "postgresql+psycopg://hub:pass@db/hub"


def test_files_may_not_be_shown_on_the_host_that_knows_peoples_sessions() -> None:
    told = mistakes_of(HUB_PUBLIC_URL="https://hub.example", HUB_FILES_URL="https://hub.example:8443")
    assert told == ["HUB_FILES_URL names the host of HUB_PUBLIC_URL, so files would be sent people's sessions."]


def test_no_secret_is_ever_shown() -> None:
    env = {
        "HUB_SECRET_KEY": "hunter2" * 8,
        "HUB_METRICS_TOKEN": "hunter2" * 5,
        "HUB_DATABASE_URL": "postgresql://hub:hunter2@db/hub",
        "HUB_REDIS_URL": "redis://:hunter2@cache:6379/0",
    }
    settings = load_settings(env)
    assert "hunter2" not in repr(settings)
    assert "hunter2" not in str(list(described(settings)))
    bad = {"HUB_SECRET_KEY": "hunter2", "HUB_REDIS_URL": "http://:hunter2@c", "HUB_PUBLIC_URL": "https://u:hunter2@h"}
    assert "hunter2" not in "".join(mistakes_of(**bad))


def test_every_setting_has_its_sentence_and_an_example() -> None:
    assert all(field.description and field.examples for field in Settings.model_fields.values())
    assert len(list(described(Settings()))) == len(Settings.model_fields)


def test_settings_made_in_code_read_no_environment(tmp_path: Path) -> None:
    assert Settings(data_dir=tmp_path).files_dir == tmp_path / "files"


def test_the_key_of_the_house_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "new")
    key = house_key(settings)
    assert len(key) >= 32
    assert house_key(settings) == key
    assert stat.S_IMODE(settings.key_file.stat().st_mode) == 0o600
    assert [path.name for path in settings.data_dir.iterdir()] == ["secret.key"]


def test_processes_that_start_at_once_agree_on_one_key(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: house_key(settings), range(32)))
    assert len(keys) == 1


def test_a_given_key_is_used_and_written_nowhere(tmp_path: Path) -> None:
    settings = load_settings({"HUB_SECRET_KEY": "k" * 40, "HUB_DATA_DIR": str(tmp_path)})
    assert house_key(settings) == b"k" * 40
    assert not list(tmp_path.iterdir())


def test_keys_for_different_purposes_have_nothing_in_common() -> None:
    assert derived_key(b"house", "files") == derived_key(b"house", "files")
    assert derived_key(b"house", "files") != derived_key(b"house", "sealing") != derived_key(b"other", "sealing")
    assert len(derived_key(b"house", "files")) == 32


def test_a_country_is_said_in_two_letters() -> None:
    assert load_settings({}).region == ""
    assert load_settings({"HUB_REGION": "ua"}).region == "UA"
    (told,) = mistakes_of(HUB_REGION="Ukraine")
    assert told == "HUB_REGION=Ukraine: is no country in two letters (ISO 3166). Example: HUB_REGION=PL"
