"""Templates: what they make of a scene, and what is told of those that cannot be used."""

from __future__ import annotations

import string
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.rules.scenes import SCENE, value
from plexsync.model.fields import Field
from plexsync.model.rules import SCENE_FIELDS, Rules, TemplateFault, parse
from plexsync.model.rules.facts import Subject
from plexsync.model.rules.filters import FILTERS
from plexsync.model.scene import Scene

EMPTY = Scene(id=8)
CASES = [
    ("{title}", "The Sintel", ""),
    ("constant", "constant", "constant"),
    ("{studio|suffix: - }{title}", "Durian - The Sintel", ""),
    ("{studio}: {title}", "Durian: The Sintel", ""),
    ("{title|or:untitled}", "The Sintel", "untitled"),
    ("{title|else:id}", "The Sintel", "8"),
    ("{parent_studio} / {top_studio}", "Open / Blender", ""),
    ("{year}-{month}", "2010-09", ""),
    ("{date|before:-}", "2010", ""),
    ("{date}", "2010-09-27", ""),
    ("{performers}", "Zoe, Ada (1990), ADA (2001), Bo", ""),
    ("{performers|first}", "Zoe", ""),
    ("{performers|last|upper}", "BO", ""),
    ("{performers|take:2|join: & }", "Zoe & Ada (1990)", ""),
    ("{performers|sort|first}", "Ada (1990)", ""),
    ('{performers|join:" | "|cut:11}', "Zoe | Ada", ""),
    ("{performers|prefix:with }", "with Zoe, Ada (1990), ADA (2001), Bo", ""),
    ("{tags|take:2}", "Fantasy, 4K", ""),
    ("{title|without_article}", "Sintel", ""),
    ("{title|after:The }", "Sintel", ""),
    ("{title|lower|capital}", "The sintel", ""),
    ("{title|replace:Sintel=>Durian}", "The Durian", ""),
    ("{group} {group_number|digits:3}", "Open Films 003", ""),
    ("{groups}", "Open Films, Dragons", ""),
    ("{rating} {stars}", "7.4 3.7", ""),
    ("{code} {stash_id} {url}", "DUR-3 aa-bb https://one.example/1", ""),
    ("{urls|last}{stash_ids}", "https://two.example/2aa-bb", ""),
    ("{stem} {file} {folder} {minutes}", "The Sintel The Sintel.mkv films 15", ""),
    ("{director}", "Colin Levy, Ton R. Jr., Jr.; Ida", ""),
    ("{{{title}}}", "{The Sintel}", ""),
    ("{ title | upper }", "THE SINTEL", ""),
    ('{title|prefix:"}|"}', "}|The Sintel", ""),
]


@pytest.mark.parametrize(("text", "full", "empty"), CASES)
def test_a_template_is_filled_from_the_scene_and_empty_where_its_fields_are(text: str, full: str, empty: str) -> None:
    template = parse(text, SCENE_FIELDS)
    assert template.render(Subject(scene=SCENE, rules=Rules())) == full
    assert template.render(Subject(scene=EMPTY, rules=Rules())) == empty


def test_a_line_of_which_every_field_is_empty_is_left_out_whole() -> None:
    template = parse("{details}\n\nCode: {code}\nBy {director} ({year})\nThe end", SCENE_FIELDS)
    scene = replace(SCENE, code="", director="", details="Text.")
    assert template.render(Subject(scene=scene, rules=Rules())) == "Text.\n\nBy  (2010)\nThe end"


def rules(**texts: str) -> Rules:
    return Rules(templates={Field(name): parse(text, SCENE_FIELDS, origin=name) for name, text in texts.items()})


def test_templates_give_title_sort_title_tagline_and_summary_in_normal_form() -> None:
    made = rules(
        title="{title}  \u200b({year})",
        sort_title="{title|without_article}",
        tagline="{code}\n{studio}",
        summary="{details}\n\n{url}",
    )
    assert value(Field.TITLE, made) == "The Sintel (2010)"
    assert value(Field.SORT_TITLE, made) == "Sintel"
    assert value(Field.TAGLINE, made) == "DUR-3 Durian"
    assert value(Field.SUMMARY, made) == "A girl & her dragon.\nShe looks for it.\n\nhttps://one.example/1"


def test_an_empty_result_is_empty_and_an_empty_title_may_still_become_the_stem() -> None:
    made = rules(title="{code}", tagline="{code}")
    scene = replace(SCENE, code="")
    assert value(Field.TITLE, made, scene) is None
    assert value(Field.TAGLINE, made, scene) is None
    assert value(Field.TITLE, replace(made, title_from_stem=True), scene) == "The Sintel"


FAULTS = [
    ("{studoi}", "studoi", "studio"),
    ("{}", "names no field", "title"),
    ("{zzz}", "zzz", "write one of code"),
    ("{title|uper}", "uper", "upper"),
    ("{title", "never closed, at character 1", "close it"),
    ("a {title {year}}", "never closed, at character 3", "close it"),
    ("title}", "at character 6", "}}"),
    ("{title|cut}", "'nothing' is no number", "a number from 1"),
    ("{title|cut:x}", "'x' is no number", "a number from 1"),
    ("{title|take:0}", "'0' is no number", "a number from 1"),
    ("{title|cut:99999999999}", "is no number", "a number from 1"),
    ("{title|upper:x}", "takes nothing after a colon", "take out"),
    ("{title|join}", "nothing stands after it", "a text after it"),
    ("{title|prefix:}", "nothing stands after it", "a text after it"),
    ("{title|replace:a}", "what becomes what", "replace:old=>new"),
    ("{title|replace:=>a}", "what becomes what", "replace:old=>new"),
    ("{title|else:nothing}", 'a field "nothing"', "write"),
    ("{title|}", 'a filter ""', "write one of"),
    ("{title.__class__}", "title.__class__", "write"),
    ("{title!r}", "title!r", "write"),
]


@pytest.mark.parametrize(("text", "problem", "remedy"), FAULTS)
def test_what_cannot_be_used_is_named_with_its_remedy(text: str, problem: str, remedy: str) -> None:
    with pytest.raises(TemplateFault) as caught:
        parse(text, SCENE_FIELDS)
    assert problem in caught.value.problem
    assert remedy in caught.value.remedy


SLOTS = st.builds(
    lambda name, filters: "{" + "|".join([name, *filters]) + "}",
    st.sampled_from(sorted(SCENE_FIELDS)),
    st.lists(
        st.one_of(
            st.sampled_from(["upper", "first", "last", "sort", "capital", "lower", "without_article", "else:title"]),
            st.builds("{}:{}".format, st.sampled_from(["cut", "take", "digits"]), st.integers(1, 9)),
            st.builds("{}:{}".format, st.sampled_from(["prefix", "suffix", "or", "join", "after"]), st.just("x-")),
        ),
        max_size=4,
    ),
)
WRITTEN = st.lists(st.one_of(SLOTS, st.text(string.ascii_letters + " \n", max_size=4)), max_size=6).map("".join)


@given(WRITTEN, st.sampled_from([SCENE, EMPTY]))
def test_every_template_of_known_fields_and_filters_can_be_filled(text: str, scene: Scene) -> None:
    parse(text, SCENE_FIELDS).render(Subject(scene=scene, rules=Rules()))


SCRAPS = st.one_of(st.sampled_from('{}|:"ab\n '), st.sampled_from(sorted({*SCENE_FIELDS, *FILTERS})))


@given(st.lists(SCRAPS, max_size=12).map("".join))
def test_any_text_is_a_template_or_a_fault_that_says_what_to_do(text: str) -> None:
    told = ""
    try:
        told = str(parse(text, SCENE_FIELDS))
    except TemplateFault as fault:
        told = fault.problem and fault.remedy
    assert told
