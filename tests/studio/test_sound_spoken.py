"""How written words are said."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.studio.spoken import number_words, said


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("$300", "three hundred dollars"),
        ("$4.99", "four ninety nine"),
        ("$0.99", "ninety nine cents"),
        ("$300.50", "three hundred dollars and fifty cents"),
        ("$1,200/mo", "one thousand two hundred dollars a month"),
        ("$2M", "two million dollars"),
        ("£5", "five pounds"),
        ("¥500", "five hundred yen"),
        ("$20–$30", "twenty dollars to thirty dollars"),
        ("30%", "thirty percent"),
        ("4.9/5", "four point nine out of five"),
        ("10x", "ten times"),
        ("500+", "more than five hundred"),
        ("1st", "first"),
        ("22nd", "twenty second"),
        ("2026", "twenty twenty six"),
        ("5:30pm", "five thirty P M"),
        ("24/7", "twenty-four seven"),
        ("northbrew.com/taste", "northbrew dot com slash taste"),
        ("me@x.co.uk", "me at x dot co dot uk"),
        ("B&B", "B and B"),
        ("don’t", "don't"),
        ("😀", ""),
        ("vs.", "versus"),
    ],
)
def test_a_written_form_has_its_spoken_form(written: str, spoken: str) -> None:
    assert [(word.written, word.spoken) for word in said(written)] == [(written, spoken)]


def test_punctuation_that_pauses_is_kept_and_quotes_are_not() -> None:
    assert [word.spoken for word in said("“Cold brew,” she said. Really?")] == [
        "Cold",
        "brew,",
        "she",
        "said.",
        "Really?",
    ]


@given(st.integers(min_value=0, max_value=10**15 - 1))
def test_number_words_are_words_alone(number: int) -> None:
    assert number_words(number).replace(" ", "").isalpha()


@given(st.text(max_size=80))
def test_any_text_keeps_every_written_word_and_speaks_no_digit(text: str) -> None:
    words = said(text)
    assert [word.written for word in words] == text.split()
    assert not any(char in "0123456789" for word in words for char in word.spoken)
