"""Which language a file is in, by its name: VS Code's language identifiers."""

from __future__ import annotations

__all__ = ("infer_language",)

_EXTENSIONS = {
    "abap": "abap",
    "actionscript": "as",
    "ada": "adb ads",
    "apex": "cls trigger apex",
    "applescript": "applescript scpt",
    "asm": "asm s nasm",
    "astro": "astro",
    "awk": "awk",
    "bat": "bat cmd",
    "bazel": "bzl bazel star",
    "bibtex": "bib",
    "bicep": "bicep",
    "c": "c i",
    "clojure": "clj cljs cljc edn",
    "cmake": "cmake",
    "cobol": "cob cbl cpy",
    "coffeescript": "coffee cson",
    "cpp": "cpp cc cxx c++ hpp hh hxx h++ h ino inl ipp ixx tpp",
    "crystal": "cr",
    "csharp": "cs csx cake",
    "css": "css",
    "csv": "csv tsv",
    "cuda-cpp": "cu cuh",
    "d": "d di",
    "dart": "dart",
    "diff": "diff patch rej",
    "dockerfile": "dockerfile containerfile",
    "elixir": "ex exs heex leex",
    "elm": "elm",
    "erb": "erb rhtml",
    "erlang": "erl hrl",
    "fortran": "f f90 f95 f03 f08 for",
    "fsharp": "fs fsi fsx fsscript",
    "gdscript": "gd",
    "gleam": "gleam",
    "glsl": "glsl vert frag geom comp",
    "go": "go",
    "go.mod": "mod",
    "graphql": "graphql gql",
    "groovy": "groovy gvy gradle jenkinsfile nf",
    "haml": "haml",
    "handlebars": "handlebars hbs hjs",
    "haskell": "hs lhs",
    "haxe": "hx",
    "hcl": "hcl",
    "hlsl": "hlsl hlsli fx fxh",
    "html": "html htm xhtml shtml xht mdoc",
    "ignore": "gitignore dockerignore npmignore eslintignore",
    "ini": "ini cfg conf desktop editorconfig",
    "jade": "pug jade",
    "java": "java jav",
    "javascript": "js mjs cjs es6",
    "javascriptreact": "jsx",
    "json": "json webmanifest har geojson ipynb",
    "jsonc": "jsonc code-workspace",
    "jsonl": "jsonl ndjson",
    "jsonnet": "jsonnet libsonnet",
    "julia": "jl",
    "kotlin": "kt kts ktm",
    "latex": "tex ltx ctx",
    "less": "less",
    "lisp": "lisp lsp cl el",
    "liquid": "liquid",
    "log": "log",
    "lua": "lua rockspec",
    "makefile": "mk mak make",
    "markdown": "md markdown mkd mdown mkdn mdwn",
    "matlab": "mlx",
    "mdx": "mdx",
    "mojo": "mojo",
    "nim": "nim nims nimble",
    "nix": "nix",
    "objective-c": "m",
    "objective-cpp": "mm",
    "ocaml": "ml mli",
    "pascal": "pas pp dpr lpr",
    "perl": "pl pm pod t psgi",
    "php": "php php4 php5 phtml ctp",
    "plaintext": "txt text",
    "plsql": "pks pkb pls plsql",
    "powershell": "ps1 psm1 psd1 pssc psrc",
    "prisma": "prisma",
    "prolog": "pro prolog",
    "properties": "properties",
    "proto3": "proto",
    "puppet": "epp",
    "purescript": "purs",
    "python": "py pyi pyw pyx pxd rpy gyp gypi",
    "qml": "qml",
    "r": "r rhistory rprofile",
    "racket": "rkt",
    "raku": "raku rakumod p6 pl6 pm6",
    "razor": "cshtml razor",
    "rego": "rego",
    "restructuredtext": "rst",
    "rmd": "rmd qmd",
    "ruby": "rb rbx rjs gemspec podspec rake ru rbi",
    "rust": "rs",
    "sass": "sass",
    "scala": "scala sc sbt",
    "scheme": "scm ss",
    "scss": "scss",
    "shaderlab": "shader",
    "shellscript": "sh bash zsh ksh ebuild bats fish csh",
    "slim": "slim",
    "smalltalk": "st",
    "solidity": "sol",
    "sql": "sql dsql ddl dml",
    "stylus": "styl",
    "svelte": "svelte",
    "swift": "swift",
    "systemverilog": "sv svh",
    "tcl": "tcl tk",
    "terraform": "tf tfvars tofu",
    "toml": "toml",
    "twig": "twig",
    "typescript": "ts mts cts",
    "typescriptreact": "tsx",
    "typst": "typ",
    "vb": "vb vbs bas brs",
    "verilog": "v vh",
    "vhdl": "vhd vhdl",
    "viml": "vim",
    "vue": "vue",
    "wgsl": "wgsl",
    "wat": "wat wast",
    "xml": "xml xsd xaml svg csproj vbproj fsproj props targets plist rss wsdl resx",
    "xsl": "xsl xslt",
    "yaml": "yaml yml eyaml eyml cff",
    "zig": "zig zon",
}

_NAMES = {
    "cmake": "cmakelists.txt",
    "bazel": "build workspace",
    "dockerfile": "dockerfile containerfile",
    "dotenv": ".env",
    "git-commit": "commit_editmsg merge_msg",
    "git-rebase": "git-rebase-todo",
    "go.mod": "go.mod",
    "go.sum": "go.sum",
    "groovy": "jenkinsfile",
    "ignore": ".gitignore .dockerignore .npmignore .eslintignore .prettierignore "
    ".helmignore .gcloudignore",
    "ini": ".editorconfig .npmrc .gitconfig .gitattributes .gitmodules .pylintrc "
    ".flake8 .coveragerc .condarc",
    "json": ".babelrc .jshintrc .prettierrc .bowerrc composer.lock flake.lock "
    "pipfile.lock",
    "jsonc": "tsconfig.json jsconfig.json .eslintrc .eslintrc.json",
    "just": "justfile .justfile",
    "makefile": "makefile gnumakefile ocamlmakefile",
    "pip-requirements": "requirements.txt constraints.txt",
    "plaintext": "gemfile.lock",
    "python": "sconstruct sconscript tiltfile",
    "ruby": "rakefile gemfile guardfile podfile capfile vagrantfile brewfile fastfile "
    "appfile thorfile dangerfile berksfile .irbrc .pryrc",
    "shellscript": ".bashrc .bash_profile .bash_login .bash_logout .bash_aliases "
    ".profile .zshrc .zshenv .zprofile .zlogin .zlogout .kshrc .envrc "
    "pkgbuild apkbuild",
    "toml": "cargo.lock pipfile poetry.lock uv.lock",
    "viml": ".vimrc .gvimrc .exrc _vimrc",
    "yaml": ".clang-format .clang-tidy .clangd .yamllint yarn.lock",
}

_PREFIXES = {
    "dockerfile.": "dockerfile",
    "containerfile.": "dockerfile",
    "makefile.": "makefile",
    "jenkinsfile.": "groovy",
    ".env.": "dotenv",
}


def _by_mark(table: dict[str, str]) -> dict[str, str]:
    return {mark: name for name, marks in table.items() for mark in marks.split()}


_BY_EXTENSION = _by_mark(_EXTENSIONS)
_BY_NAME = _by_mark(_NAMES)


def infer_language(file_name: str) -> str | None:
    """Return the language identifier that a file's name or path tells.

    A name without an extension is at least `"plaintext"`: the gateway of 2026 has no
    suggestion for such a file unless a language is sent. An unknown extension is
    `None`: the gateway makes its own guess.
    """
    path = file_name.strip().replace("\\", "/").rstrip("/")
    name = path.rpartition("/")[2].lower()
    if name in _BY_NAME:
        return _BY_NAME[name]
    extension = name.lstrip(".").rpartition(".")
    if extension[1] and extension[2] in _BY_EXTENSION:
        return _BY_EXTENSION[extension[2]]
    for prefix, language in _PREFIXES.items():
        if name.startswith(prefix):
            return language
    return None if extension[1] and extension[2] else "plaintext"
