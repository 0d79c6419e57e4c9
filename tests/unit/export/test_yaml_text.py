"""Templates as YAML: what a reader of YAML finds is what was written, whatever the texts hold."""

from __future__ import annotations

from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]  # comes with moto

from wizard.export.yaml_text import yaml_text


class Reader(yaml.SafeLoader):  # type: ignore[misc]
    """YAML with CloudFormation's short forms."""


def short_form(function: str, read: Any = None) -> None:
    def construct(loader: Any, node: Any) -> dict[str, Any]:
        text = loader.construct_scalar(node)
        return {function: read(text) if read else text}

    Reader.add_constructor(f"!{function.removeprefix('Fn::')}", construct)


short_form("Ref")
short_form("Fn::Sub")
short_form("Fn::GetAtt", lambda text: text.split(".", 1))

HOSTILE = (
    "no", "Yes", "null", "~", "12", "1e3", "0x1f", "2012-10-17", "12:30:45", ".5", "a: b", "a #b", "- a",
    "*", "&a", "!Ref a", "{a}", "[a]", "'a'", 'say "it"', "it's \"so\"", "a\\n", "", " a", "a ", "a\nb\n",
    "a\n\nb\n", " a\nb\n", "a\nb", "\n", "a\n", "ü", "😀", "\u2028", "\ufeff", "\x85", "\xa0", "\x7f", "|",
    ">", "%", "@", "`", "a:", "a:b", "aws:kms", "s3:*", "arn:aws:s3:::a/*", "a::b", "a: ", "?", "<<", "=",
)  # fmt: skip


def test_every_text_is_still_that_text_when_yaml_has_a_mind_of_its_own_about_it() -> None:
    for text in HOSTILE:
        below = {"x": [{"a": text, "b": []}, {}, True, 7, 0.5, [text, "b"]], "sub": {"Fn::Sub": text}}
        document = {"name": text, "list": [text, text], "one": [text], text: "key", "below": below}
        assert yaml.load(yaml_text(document), Reader) == document, text  # noqa: S506  a safe loader


def test_a_function_stands_in_its_short_form_wherever_a_text_can() -> None:
    document = {"a": {"Ref": "AWS::Region"}, "b": [{"Fn::GetAtt": ["Role", "Arn"]}, {"Fn::Sub": "${A}: b"}]}
    written = yaml_text(document)
    assert "a: !Ref AWS::Region\n" in written
    assert "- !GetAtt Role.Arn\n" in written
    assert yaml.load(written, Reader) == document  # noqa: S506  a safe loader


@pytest.mark.parametrize("value", [None, b"x", object()])
def test_what_a_template_cannot_hold_is_refused_instead_of_written_somehow(value: object) -> None:
    with pytest.raises(ValueError, match="cannot hold"):
        yaml_text({"a": value})


def test_several_lines_stand_as_they_are_because_people_have_to_read_a_mapping_template() -> None:
    assert yaml_text({"a": {"template": "#set($x)\n#end\n"}}) == "a:\n  template: |\n    #set($x)\n    #end\n"
