"""The winner index: recalls what is alike and diverse, per account, across processes, and says when it is broken."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geminivideo.creative_dna import CreativeDna
from geminivideo.errors import InvalidInput, NotFound, StorageError
from memory.winners import IndexedAd, WinnerIndex, diverse

ROOT = Path(__file__).parents[2]
DNA = CreativeDna(
    hook_type="question", cta_style="book", offer_type="none", words=9, headline_words=4, has_number=False,
    has_question=True, second_person=True, urgency=False, social_proof=False,
)  # fmt: skip


class WordBag:
    """Each word a fixed random direction: likeness is shared words. Counts what it embeds."""

    def __init__(self) -> None:
        self.embedded: list[str] = []

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        self.embedded += texts
        rows = [sum((self._word(word) for word in text.split()), np.zeros(384)) + 1e-3 for text in texts]
        table = np.array(rows, np.float32).reshape(len(texts), 384)
        return table / np.linalg.norm(table, axis=1, keepdims=True)

    def _word(self, word: str) -> np.ndarray:
        seed = int.from_bytes(hashlib.sha256(word.lower().encode()).digest()[:8], "big")
        return np.random.default_rng(seed).standard_normal(384)


def ad(ad_id: str, copy_text: str, **over: object) -> IndexedAd:
    fields: dict[str, object] = {
        "kind": "winner", "dna": DNA, "impressions": 10_000, "clicks": 400, "ctr_ppm": 40_000, "ctr_low_ppm": 36_900,
        "vertical": "local_services", "indexed_at": datetime(2026, 11, 1, tzinfo=UTC),
    }  # fmt: skip
    return IndexedAd.model_validate({"ad_id": ad_id, "copy_text": copy_text, **fields, **over})


@pytest.fixture
def words() -> WordBag:
    return WordBag()


@pytest.fixture
def index(tmp_path: Path, words: WordBag) -> Iterator[WinnerIndex]:
    made = WinnerIndex(tmp_path / "chroma", words)
    yield made
    made.close()


def ids(index: WinnerIndex, query: str, account: str = "acc_a", **over: object) -> list[str]:
    return [hit.ad_id for hit in index.search(account, query=query, **{"kind": "winner", **over})]


def test_an_empty_index_recalls_nothing(index: WinnerIndex) -> None:
    assert ids(index, "anything") == []
    assert index.count("acc_a") == 0
    index.clear("acc_a")
    index.remove("acc_a", ["ad_1"])
    index.upsert("acc_a", [])


def test_the_nearest_words_are_recalled_first_with_their_evidence(index: WinnerIndex) -> None:
    items = [
        ad("ad_1", "cold brew for offices", roas_percent=420),
        ad("ad_2", "teeth whitening clinic"),
        ad("ad_3", "shirts"),
    ]
    index.upsert("acc_a", items)
    first = index.search("acc_a", query="office cold brew", kind="winner", k=2)[0]
    assert (first.ad_id, first.kind, first.copy_text, first.dna) == ("ad_1", "winner", "cold brew for offices", DNA)
    assert (first.impressions, first.ctr_ppm, first.ctr_low_ppm, first.roas_percent) == (10_000, 40_000, 36_900, 420)
    assert 0.4 < first.similarity <= 1


def test_remembering_twice_changes_nothing_and_embeds_nothing_again(index: WinnerIndex, words: WordBag) -> None:
    items = [ad(f"ad_{n}", f"copy number {n}") for n in range(20)]
    index.upsert("acc_a", items)
    embedded = len(words.embedded)
    index.upsert("acc_a", [*items, *items])
    assert len(words.embedded) == embedded == 20 and index.count("acc_a") == 20


def test_a_changed_copy_is_found_by_its_new_words_only(index: WinnerIndex) -> None:
    index.upsert("acc_a", [ad("ad_1", "old words"), ad("ad_2", "filler")])
    index.upsert("acc_a", [ad("ad_1", "fresh lines")])
    hit = index.search("acc_a", query="fresh lines", kind="winner", k=1)[0]
    assert hit.ad_id == "ad_1" and hit.similarity > 0.99
    assert index.search("acc_a", query="old words", kind="winner", k=1)[0].similarity < 0.5


def test_an_ad_is_a_winner_or_a_loser_never_both(index: WinnerIndex, words: WordBag) -> None:
    index.upsert("acc_a", [ad("ad_1", "cold brew"), ad("ad_2", "hot tea", kind="loser")])
    index.upsert("acc_a", [ad("ad_1", "cold brew", kind="loser")])
    assert ids(index, "cold brew") == []
    assert sorted(ids(index, "cold brew", kind="loser")) == ["ad_1", "ad_2"]
    assert words.embedded.count("cold brew") == 1 + 2
    assert (index.count("acc_a", kind="winner"), index.count("acc_a", kind="loser")) == (0, 2)


@settings(deadline=None, max_examples=12)
@given(
    accounts=st.lists(
        st.sampled_from(["acc_a", "acc_b", "acc_ab", "acc-a", "ACC_A"]), min_size=2, max_size=2, unique=True
    )
)
def test_no_account_ever_sees_or_clears_anothers(accounts: list[str], tmp_path_factory: pytest.TempPathFactory) -> None:
    mine, theirs = accounts
    index = WinnerIndex(tmp_path_factory.getbasetemp() / "tenants", WordBag())
    index.upsert(mine, [ad("ad_mine", "cold brew")])
    index.upsert(theirs, [ad("ad_theirs", "cold brew")])
    assert ids(index, "cold brew", account=mine) == ["ad_mine"]
    index.remove(mine, ["ad_theirs"])
    index.clear(mine)
    assert ids(index, "cold brew", account=theirs) == ["ad_theirs"] and index.count(mine) == 0
    index.clear(theirs)


@pytest.mark.parametrize("account", ["", "a.winners", "../b", "a b", "a/b", "é", "a\n", "x" * 129])
def test_what_cannot_be_an_account_answers_like_an_absent_one(index: WinnerIndex, account: str) -> None:
    with pytest.raises(NotFound):
        index.search(account, query="x", kind="winner")
    with pytest.raises(NotFound):
        index.upsert(account, [ad("ad_1", "x")])


def test_verticals_and_origins_are_kept_apart_even_when_few_fit(index: WinnerIndex) -> None:
    crowd = [ad(f"ad_{n:03}", f"cold brew offer {n}", vertical="saas") for n in range(150)]
    rare = [ad("ad_rare", "plumber in town"), ad("ad_rival", "roof repair", origin="competitor")]
    index.upsert("acc_a", crowd + rare)
    assert sorted(ids(index, "cold brew offer", vertical="local_services")) == ["ad_rare", "ad_rival"]
    assert ids(index, "cold brew offer", origin="competitor") == ["ad_rival"]
    assert ids(index, "cold brew offer", vertical="info_products") == []


@pytest.mark.parametrize("k", [0, -1, 101])
def test_a_senseless_number_of_results_is_refused(index: WinnerIndex, k: int) -> None:
    with pytest.raises(InvalidInput):
        index.search("acc_a", query="x", kind="winner", k=k)


def test_one_text_run_many_times_is_recalled_once_by_its_best_evidence(index: WinnerIndex) -> None:
    text = "cold brew tap office monday delivery"
    same = [ad(f"ad_same{n:02}", text.upper() if n % 2 else text, ctr_low_ppm=30_000 + n % 7) for n in range(40)]
    index.upsert("acc_a", [*same, ad("ad_other", "cold brew tap for hotels"), ad("ad_third", "office fruit")])
    found = ids(index, "cold brew tap office", k=3)
    assert found[0] == "ad_same06" and set(found[1:]) == {"ad_other", "ad_third"}


def test_near_copies_do_not_crowd_out_other_winners(index: WinnerIndex) -> None:
    text = "cold brew tap office monday delivery fresh keg team"
    near = [ad(f"ad_near{n}", f"{text} {n}") for n in range(6)]
    index.upsert("acc_a", [*near, ad("ad_other", "summer tap for hotels"), ad("ad_third", "office fruit basket")])
    found = ids(index, "tap office", k=3)
    assert len([name for name in found if name.startswith("ad_near")]) == 1


def test_results_come_from_the_exact_nearest_ones(index: WinnerIndex, words: WordBag) -> None:
    rng = np.random.default_rng(7)
    vocabulary = [f"w{n}" for n in range(120)]
    items = [ad(f"ad_{n:03}", " ".join(rng.choice(vocabulary, 6))) for n in range(400)]
    index.upsert("acc_a", items)
    table = words.embed([item.copy_text for item in items])
    for _ in range(25):
        query = " ".join(rng.choice(vocabulary, 5))
        exact = table @ words.embed([query])[0]
        near = set(np.argsort(-exact, kind="stable")[:20])
        assert {int(name[3:]) for name in ids(index, query, k=5)} <= near
        assert ids(index, query, k=1) == [f"ad_{int(exact.argmax()):03}"]


def test_the_same_question_gets_the_same_answer_from_an_index_filled_in_another_order(tmp_path: Path) -> None:
    items = [ad(f"ad_{n:02}", f"offer {n % 7} for people {n % 5}") for n in range(60)]
    answers = []
    for name, order in (("one", items), ("two", items[::-1])):
        index = WinnerIndex(tmp_path / name, WordBag())
        for start in range(0, len(order), 13):
            index.upsert("acc_a", order[start : start + 13])
        answers.append(index.search("acc_a", query="offer 3 for people 2", kind="winner", k=8))
        index.close()
    assert [hit.ad_id for hit in answers[0]] == [hit.ad_id for hit in answers[1]]


def test_forgetting_removes_from_every_answer(index: WinnerIndex) -> None:
    index.upsert("acc_a", [ad("ad_1", "cold brew"), ad("ad_2", "cold tea"), ad("ad_3", "cold soup", kind="loser")])
    index.remove("acc_a", ["ad_1", "ad_3", "ad_never"])
    assert ids(index, "cold brew") == ["ad_2"] and index.count("acc_a") == 1
    index.clear("acc_a")
    assert ids(index, "cold brew") == []


def test_it_outlives_its_process(tmp_path: Path, words: WordBag) -> None:
    first = WinnerIndex(tmp_path / "chroma", words)
    first.upsert("acc_a", [ad("ad_1", "cold brew")])
    first.close()
    assert ids(WinnerIndex(tmp_path / "chroma", words), "cold brew") == ["ad_1"]


def test_a_folder_deleted_under_a_living_index_is_simply_empty(index: WinnerIndex, tmp_path: Path) -> None:
    index.upsert("acc_a", [ad("ad_1", "cold brew")])
    assert ids(index, "cold brew") == ["ad_1"]
    _delete(tmp_path / "chroma")
    assert ids(index, "cold brew") == [] and index.count("acc_a") == 0
    index.upsert("acc_a", [ad("ad_2", "cold brew")])
    assert ids(index, "cold brew") == ["ad_2"]


OTHER_PROCESS = """
import sys
from pathlib import Path
from tests.memory.test_winners import WordBag, ad
from memory.winners import WinnerIndex
index = WinnerIndex(Path(sys.argv[1]), WordBag())
for line in sys.stdin:
    word, *names = line.split()
    if word == "put":
        index.upsert("acc_a", [ad(name, "cold brew " + name) for name in names])
    elif word == "drop":
        index.remove("acc_a", names)
    print(index.count("acc_a"), len(index.search("acc_a", query="cold brew", kind="winner", k=100)), flush=True)
"""


def test_two_processes_see_each_others_writes_at_once(index: WinnerIndex, tmp_path: Path) -> None:
    index.upsert("acc_a", [ad("ad_0", "cold brew ad_0")])
    with subprocess.Popen(
        [sys.executable, "-c", OTHER_PROCESS, str(tmp_path / "chroma")],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
    ) as other:  # fmt: skip
        assert other.stdin and other.stdout

        def tell(line: str) -> str:
            print(line, file=other.stdin, flush=True)
            return other.stdout.readline().strip()

        assert tell("put ad_1 ad_2") == "3 3"
        assert sorted(ids(index, "cold brew")) == ["ad_0", "ad_1", "ad_2"]
        index.upsert("acc_a", [ad("ad_3", "cold brew ad_3")])
        assert tell("drop ad_1") == "3 3"
        assert sorted(ids(index, "cold brew")) == ["ad_0", "ad_2", "ad_3"]
        index.clear("acc_a")
        assert tell("put ad_9") == "1 1"
        assert ids(index, "cold brew") == ["ad_9"]
        other.stdin.close()
    assert other.returncode == 0


def test_many_threads_write_and_search_one_index(index: WinnerIndex) -> None:
    def work(number: int) -> int:
        index.upsert("acc_a", [ad(f"ad_{number}", f"cold brew {number}")])
        return len(index.search("acc_a", query=f"cold brew {number}", kind="winner", k=3))

    with ThreadPoolExecutor(8) as pool:
        assert min(pool.map(work, range(40))) >= 1
    assert index.count("acc_a") == 40


@pytest.mark.parametrize("damage", ["sqlite", "vectors", "not a folder"])
def test_a_broken_store_says_so_and_is_whole_again_after_the_advice(
    tmp_path: Path, words: WordBag, damage: str
) -> None:
    path = tmp_path / "chroma"
    first = WinnerIndex(path, words)
    first.upsert("acc_a", [ad(f"ad_{n}", f"cold brew {n}") for n in range(30)])
    first.close()
    if damage == "sqlite":
        (path / "chroma.sqlite3").write_bytes(b"not a database" * 100)
    elif damage == "vectors":
        for item in path.glob("*/*"):
            item.write_bytes(b"\xff" * 64)
    else:
        _delete(path)
        path.write_text("a file")
    if damage != "vectors":
        with pytest.raises(StorageError) as caught:
            WinnerIndex(path, words).count("acc_a")
        assert "delete this folder" in caught.value.fix and str(path) in caught.value.where
    else:
        # 30 rows still live in the log, so damaged vector files either do not matter or are reported.
        try:
            assert len(ids(WinnerIndex(path, words), "cold brew 3")) == 5
        except StorageError as error:
            assert "delete this folder" in error.fix
    first.close()
    _delete(path)
    again = WinnerIndex(path, words)
    again.upsert("acc_a", [ad("ad_1", "cold brew")])
    assert ids(again, "cold brew") == ["ad_1"]
    again.close()


def _delete(path: Path) -> None:
    if path.is_file():
        path.unlink()
        return
    for item in sorted(path.rglob("*"), reverse=True):
        item.rmdir() if item.is_dir() else item.unlink()
    path.rmdir()


def test_importing_the_index_does_not_import_chroma() -> None:
    code = "import sys, memory.winners; print('chromadb' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "False"


@settings(deadline=None)
@given(seed=st.integers(0, 2**31), count=st.integers(0, 12), k=st.integers(1, 12))
def test_diverse_picks_distinct_rows_starting_with_the_most_relevant(seed: int, count: int, k: int) -> None:
    rng = np.random.default_rng(seed)
    vectors = rng.standard_normal((count, 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    relevance = rng.uniform(-1, 1, count).astype(np.float32)
    chosen = diverse(vectors, relevance=relevance, k=k)
    assert len(chosen) == len(set(chosen)) == min(k, count)
    assert not chosen or chosen[0] == int(relevance.argmax())
    by_likeness = diverse(vectors, relevance=relevance, k=k, likeness=1.0)
    assert by_likeness == sorted(range(count), key=lambda row: (-relevance[row], row))[:k]
