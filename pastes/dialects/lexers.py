"""Pygments' language names, used by dpaste, dpaste.com and pinnwand (https://pygments.org/docs/lexers/).

Most of them are names or aliases in rules/languages.py; the tables here contain the rest.
"""

from pastes.errors import RefusedError
from pastes.rules import languages
from pastes.rules.languages import LANGUAGES, Language

#: Additional Pygments names, keyed by our name for the language.
_NAMES = {
    "plaintext": "rst restructuredtext output none",
    "apache": "apacheconf aconf",
    "armasm": "gas",
    "awk": "gawk mawk nawk",
    "bash": "ksh shell-script openrc",
    "basic": "blitzbasic qbasic cbmbas",
    "coffeescript": "coffee-script",
    "csharp": "c-sharp",
    "delphi": "objectpascal pas",
    "diff": "udiff wdiff",
    "django": "html+django html+jinja htmldjango css+django js+django xml+django",
    "dos": "batch dosbatch winbatch",
    "fortran": "fortranfixed",
    "gherkin": "cucumber",
    "haskell": "literate-haskell lhs",
    "http": "http-session",
    "ini": "cfg dosini desktop systemd",
    "java": "processing",
    "json": "json-object jsonld json-ld",
    "julia": "jlcon",
    "latex": "bibtex",
    "lisp": "common-lisp cl emacs emacs-lisp",
    "makefile": "bsdmake basemake",
    "nix": "nix-repl",
    "objectivec": "objective-c obj-c",
    "perl": "perl6 raku",
    "php": "php3 php4 php5 html+php",
    "powershell": "posh psm1 psd1",
    "properties": "jproperties",
    "python": "python3 py3 python2 py2 sage numpy cython pyx bazel starlark",
    "python-repl": "pytb py3tb python-traceback py2tb",
    "r": "s splus rconsole rout",
    "reasonml": "reason",
    "ruby": "duby rb jruby",
    "scss": "sass",
    "scheme": "racket rkt",
    "shell": "shell-session bash-session sh-session ps1con doscon",
    "sql": "mysql postgresql postgres plpgsql psql sqlite3 tsql plsql",
    "vbnet": "vb.net lobas oobas sobas visual-basic",
    "verilog": "systemverilog",
    "vim": "viml",
    "wasm": "wast",
    "xml": "xslt html+erb html5 docbook",
    "yaml": "yaml+jinja docker-compose",
}
#: Languages that have a different name in Pygments.
_PYGMENTS_NAMES = {
    "plaintext": "text",
    "apache": "apacheconf",
    "armasm": "gas",
    "basic": "qbasic",
    "dos": "batch",
    "lisp": "common-lisp",
    "objectivec": "objective-c",
    "python-repl": "pycon",
    "r": "splus",
    "shell": "console",
    "vbnet": "vb.net",
    "wasm": "wast",
    "x86asm": "nasm",
}
_BY_NAME = {name: LANGUAGES[language] for language, names in _NAMES.items() for name in names.split()}


def find(name: str, field: str) -> Language:
    """Return the language with the given Pygments name. Raise RefusedError, listing all valid names."""
    language = languages.named(name) or _BY_NAME.get(name.strip().lower())
    if language is None:
        valid = ", ".join(sorted(LANGUAGES))
        raise RefusedError("language", f"Invalid {field} {name[:50]!r} given. Valid values are: {valid}", field=field)
    return language


def pygments_name(language: str) -> str:
    """Return the Pygments name of one of our languages."""
    return _PYGMENTS_NAMES.get(language, language)
