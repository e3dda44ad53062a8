"""The page in Chinese: what questions and options are is said in Chinese as well."""

import json
import re
from importlib import resources

from interfuse.kinds import all_kinds
from interfuse.studio.describe import OF_FIT


def test_each_question_and_option_has_a_chinese_sentence():
    said = {o.help for o in OF_FIT}
    for kind in all_kinds():
        said |= {o.help for o in kind.options}
        said |= {kind.words.many, kind.words.rows}
        for verb in kind.questions:
            said |= {verb.summary, *(o.help for o in verb.options)}
            said |= {verb.source[1]} if verb.source else set()
    file = resources.files("interfuse.studio") / "static" / "help.js"
    known = json.loads(file.read_text("utf-8").partition("export default ")[2].rstrip(";\n"))
    assert said - known.keys() == set(), "add them to studio/static/help.js"
    assert known.keys() - said == set(), "they are said no more"
    assert all(re.search("[\u3400-\u9fff]", other) for other in known.values())
