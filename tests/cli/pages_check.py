# SPDX-License-Identifier: ISC
"""Is what bttrack shows well formed?  pages_check.py html|metrics FILE"""
import html.parser
import re
import sys

VOID = {"meta", "path", "br"}


class Page(html.parser.HTMLParser):
    """Every element is closed; the rows of the table, and what could fetch or run something."""

    def __init__(self):
        super().__init__()
        self.open, self.rows, self.faults = [], [], []
        self.charts = 0

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag == "script" or any(a.startswith("on") for a in attrs):
            self.faults.append(f"a script: {tag} {attrs}")
        if tag in ("img", "link", "iframe", "object") or "src" in attrs:
            self.faults.append(f"fetches something: {tag} {attrs}")
        if re.match("[a-z]+:|//", attrs.get("href") or "", re.I):
            self.faults.append(f"leads elsewhere: {attrs}")
        if tag == "svg":
            self.charts += 1
            if attrs.get("role") != "img" or not attrs.get("aria-label"):
                self.faults.append("a chart that is not said in words")
        if tag == "th" and attrs.get("scope") != "col":
            self.faults.append("a heading without scope")
        if tag == "tr":
            self.rows.append("")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}> at {self.getpos()}")

    def handle_data(self, data):
        if "td" in self.open or "th" in self.open:
            self.rows[-1] += data + "|"


def check_html(text):
    page = Page()
    page.feed(text)
    page.close()
    faults = page.faults + [f"<{t}> stays open" for t in page.open]
    for need in ("<!DOCTYPE html>", 'lang="en"', 'name="viewport"', "<title>"):
        if need not in text:
            faults.append(f"no {need}")
    for row in page.rows:
        print(row.replace("\u202f", ""))
    print("charts", page.charts)
    return faults


NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
SAMPLE = re.compile(rf'({NAME})(\{{{NAME}="[^"]*"(?:,{NAME}="[^"]*")*\}})? (\d+(?:\.\d+)?)$')


def check_metrics(text):
    """The text format: a family's HELP, TYPE and samples stand together, none comes twice."""
    faults, seen, typed, family = [], set(), {}, None
    if not text.endswith("\n"):
        faults.append("no line end at the end")
    for line in text.splitlines():
        m = re.match(rf"# (HELP|TYPE) ({NAME}) (.+)$", line)
        if m and m[1] == "HELP":
            family = m[2]
            if family in typed:
                faults.append(f"{family} comes twice")
        elif m:
            typed[m[2]] = m[3]
            if m[2] != family or m[3] not in ("counter", "gauge"):
                faults.append(line)
            if m[3] == "counter" and not m[2].endswith("_total"):
                faults.append(f"{m[2]}: a counter is called _total")
        else:
            m = SAMPLE.match(line)
            if not m or m[1] != family or family not in typed:
                faults.append(line)
            elif (m[1], m[2]) in seen:
                faults.append(f"twice: {line}")
            else:
                seen.add((m[1], m[2]))
    return faults


def main():
    with open(sys.argv[2], encoding="utf-8") as f:
        text = f.read()
    faults = {"html": check_html, "metrics": check_metrics}[sys.argv[1]](text)
    for fault in faults:
        print("fault:", fault)
    sys.exit(1 if faults else 0)


main()
