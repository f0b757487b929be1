"""Forms that a PDF holds as XML alone."""

from __future__ import annotations

import io

import pypdf
import pytest
from pypdf.generic import (
    ArrayObject,
    BooleanObject,
    DictionaryObject,
    NameObject,
    StreamObject,
    TextStringObject,
)

from tests.indexing.extraction.makers import read, texts

TEMPLATE = """<template xmlns="http://www.xfa.org/schema/xfa-template/2.5/"><subform>
<draw><value><exData><body xmlns="http://www.w3.org/1999/xhtml"><p>交接</p><p>表</p></body></exData>
</value></draw>
<field name="person"><caption><value><text>Name:</text></value></caption></field>
<field name="day"><caption><value><text>Day</text></value></caption>
<value><text>Monday</text></value></field>
<field name="empty"><caption><value><text>Remarks</text></value></caption></field>
</subform></template>"""
DATASETS = """<xfa:datasets xmlns:xfa="http://www.xfa.org/schema/xfa-data/1.0/"><xfa:data><form>
<person>王芳</person><row><key>K1</key></row></form></xfa:data></xfa:datasets>"""
BOMB = '<!DOCTYPE l [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><template>&b;</template>'
OUTSIDE = '<!DOCTYPE l [<!ENTITY a SYSTEM "file:///etc/passwd">]><template><draw><value>&a;'


def form(template: str, datasets: str = DATASETS, rendering: bool = True) -> bytes:
    """A PDF of one empty page with a form."""
    writer = pypdf.PdfWriter()
    writer.add_blank_page(100, 100)
    packets = ArrayObject()
    for name, content in (("template", template), ("datasets", datasets)):
        stream = StreamObject()
        stream.set_data(content.encode())
        packets += [TextStringObject(name), writer._add_object(stream.flate_encode())]
    acro = {NameObject("/XFA"): packets, NameObject("/Fields"): ArrayObject()}
    writer.root_object[NameObject("/AcroForm")] = DictionaryObject(acro)
    writer.root_object[NameObject("/NeedsRendering")] = BooleanObject(rendering)
    buffer = io.BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


def test_labels_and_values(tmp_path):
    found = read(tmp_path, "a.pdf", form(TEMPLATE), ocr=False)
    assert texts(found) == ["交接 表", "Name: 王芳", "Day: Monday", "Remarks", "key: K1"]


def test_a_form_whose_pages_show_it_is_read_from_them(tmp_path):
    assert not texts(read(tmp_path, "a.pdf", form(TEMPLATE, rendering=False), ocr=False))


@pytest.mark.parametrize("template", [BOMB, OUTSIDE, "no xml", "<x>" * 10_000, ""])
def test_hostile_forms(tmp_path, template):
    found = read(tmp_path, "a.pdf", form(template), ocr=False)
    *rest, person, key = texts(found)
    assert (person, key) == ("person: 王芳", "key: K1")
    assert rest in ([], ["&a;"])


def test_a_form_beyond_the_bound_of_one_part_is_left_out(tmp_path):
    large = form(f"<template><draw><value>{'a' * 5000}</value></draw></template>")
    assert len(texts(read(tmp_path, "a.pdf", large, ocr=False, xml_bytes=4000))) == 2
