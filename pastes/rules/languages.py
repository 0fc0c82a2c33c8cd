"""The table of languages, with their highlight.js names, labels, aliases and file extensions.

The names and aliases are those of highlight.js 11
(https://github.com/highlightjs/highlight.js/blob/main/SUPPORTED_LANGUAGES.md).
"""

from dataclasses import dataclass
from pathlib import PurePosixPath


@dataclass(frozen=True)
class Language:
    """A language with its highlight.js name, its label, its aliases and its file extensions, the default one first."""

    name: str
    label: str
    aliases: tuple[str, ...] = ()
    extensions: tuple[str, ...] = ()


def _language(name: str, label: str, aliases: str, extensions: str) -> Language:
    return Language(name, label, tuple(aliases.split()), tuple(extensions.split()))


PLAIN = _language("plaintext", "Plain text", "text txt plain none", "txt text log")
MARKDOWN = _language("markdown", "Markdown", "md", "md markdown")

_TABLE = (
    PLAIN,
    _language("ada", "Ada", "", "adb ads ada"),
    _language("apache", "Apache config", "apacheconf", "htaccess"),
    _language("arduino", "Arduino", "", "ino"),
    _language("armasm", "ARM assembly", "arm", "s"),
    _language("awk", "Awk", "", "awk"),
    _language("bash", "Bash", "sh zsh", "sh bash zsh"),
    _language("basic", "BASIC", "", "bas"),
    _language("c", "C", "h", "c h"),
    _language("clojure", "Clojure", "", "clj cljs edn"),
    _language("cmake", "CMake", "", "cmake"),
    _language("coffeescript", "CoffeeScript", "coffee", "coffee"),
    _language("cpp", "C++", "c++ cc hpp cxx", "cpp cc cxx hpp hh hxx"),
    _language("crystal", "Crystal", "", "cr"),
    _language("csharp", "C#", "cs c#", "cs"),
    _language("css", "CSS", "", "css"),
    _language("d", "D", "", "d"),
    _language("dart", "Dart", "", "dart"),
    _language("delphi", "Delphi", "pascal", "pas dpr"),
    _language("diff", "Diff", "patch", "diff patch"),
    _language("django", "Django template", "jinja jinja2", "jinja j2"),
    _language("dockerfile", "Dockerfile", "docker", "dockerfile"),
    _language("dos", "Batch file", "bat cmd", "bat cmd"),
    _language("elixir", "Elixir", "", "ex exs"),
    _language("elm", "Elm", "", "elm"),
    _language("erlang", "Erlang", "", "erl hrl"),
    _language("fortran", "Fortran", "f90 f95", "f90 f95 f"),
    _language("fsharp", "F#", "f#", "fs fsx"),
    _language("gherkin", "Gherkin", "feature", "feature"),
    _language("glsl", "GLSL", "", "glsl vert frag"),
    _language("go", "Go", "golang", "go"),
    _language("gradle", "Gradle", "", "gradle"),
    _language("graphql", "GraphQL", "", "graphql gql"),
    _language("groovy", "Groovy", "", "groovy"),
    _language("haskell", "Haskell", "", "hs"),
    _language("http", "HTTP", "https", "http"),
    _language("ini", "INI, TOML", "toml", "ini toml cfg conf"),
    _language("java", "Java", "jsp", "java"),
    _language("javascript", "JavaScript", "js jsx node", "js mjs cjs jsx"),
    _language("json", "JSON", "jsonc json5", "json json5 jsonl ipynb"),
    _language("julia", "Julia", "", "jl"),
    _language("kotlin", "Kotlin", "kt", "kt kts"),
    _language("latex", "LaTeX", "tex", "tex sty cls"),
    _language("less", "Less", "", "less"),
    _language("lisp", "Lisp", "elisp", "lisp el"),
    _language("lua", "Lua", "", "lua"),
    _language("makefile", "Makefile", "mk make", "mk mak makefile"),
    MARKDOWN,
    _language("matlab", "MATLAB", "", "m"),
    _language("nginx", "nginx config", "nginxconf", "nginxconf"),
    _language("nim", "Nim", "", "nim"),
    _language("nix", "Nix", "nixos", "nix"),
    _language("objectivec", "Objective-C", "objc mm", "mm"),
    _language("ocaml", "OCaml", "ml", "ml mli"),
    _language("perl", "Perl", "pl", "pl pm"),
    _language("php", "PHP", "", "php"),
    _language("powershell", "PowerShell", "ps1 pwsh", "ps1 psm1"),
    _language("prolog", "Prolog", "", "pro prolog"),
    _language("properties", "Properties", "", "properties"),
    _language("protobuf", "Protocol Buffers", "proto", "proto"),
    _language("puppet", "Puppet", "pp", "pp"),
    _language("python", "Python", "py gyp", "py pyw pyi"),
    _language("python-repl", "Python console", "pycon", "pycon"),
    _language("r", "R", "", "r"),
    _language("reasonml", "ReasonML", "re", "re rei"),
    _language("ruby", "Ruby", "rb gemspec", "rb rake gemspec"),
    _language("rust", "Rust", "rs", "rs"),
    _language("scala", "Scala", "", "scala sbt"),
    _language("scheme", "Scheme", "", "scm ss"),
    _language("scss", "SCSS", "", "scss"),
    _language("shell", "Shell session", "console shellsession", "console"),
    _language("sql", "SQL", "", "sql"),
    _language("swift", "Swift", "", "swift"),
    _language("tcl", "Tcl", "tk", "tcl"),
    _language("typescript", "TypeScript", "ts tsx mts cts", "ts tsx mts cts"),
    _language("vbnet", "Visual Basic .NET", "vb", "vb"),
    _language("verilog", "Verilog", "v sv svh", "v sv svh"),
    _language("vhdl", "VHDL", "", "vhd vhdl"),
    _language("vim", "Vim script", "", "vim"),
    _language("wasm", "WebAssembly", "", "wat"),
    _language("x86asm", "x86 assembly", "asm nasm", "asm nasm"),
    _language("xml", "HTML, XML", "html xhtml rss atom svg plist", "html xml htm xhtml svg xsl plist rss atom"),
    _language("yaml", "YAML", "yml", "yaml yml"),
)

#: All languages, keyed by their highlight.js names.
LANGUAGES: dict[str, Language] = {language.name: language for language in _TABLE}

_BY_ANY_NAME = {alias: language for language in _TABLE for alias in language.aliases} | LANGUAGES
_BY_EXTENSION = {extension: language for language in reversed(_TABLE) for extension in language.extensions}


def named(name: str) -> Language | None:
    """Return the language with the given name or alias, ignoring case, or None if there is none."""
    return _BY_ANY_NAME.get(name.strip().lower())


def of_file(file_name: str) -> Language:
    """Return the language for a file name's extension, or plain text. A name like `Makefile` counts as an extension."""
    name = PurePosixPath(file_name.lower()).name
    return _BY_EXTENSION.get(name.rpartition(".")[2], PLAIN)


def choices() -> list[tuple[str, str]]:
    """Return the names and labels of all languages for a form, with plain text first and the rest ordered by label."""
    ordered = sorted(LANGUAGES.values(), key=lambda language: (language is not PLAIN, language.label.lower()))
    return [(language.name, language.label) for language in ordered]
