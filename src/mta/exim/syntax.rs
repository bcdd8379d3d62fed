//! Reading Exim's files without loss. Must not know what an option means or what a macro makes.

use crate::mta::grammar::{Bracket, grammar};

grammar!(
    file,
    "../grammars/exim_file.pest",
    [begin | label | r#macro | list | verb | option],
    super::bracket
);

pub use file::parse;

fn bracket(kind: &str) -> Option<Bracket> {
    match kind {
        "expansion_open" | "open" => Some(Bracket::Open("braces")),
        "close" => Some(Bracket::Close("braces")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mta::tree::{Branch, Tree};
    use crate::text::Source;

    fn tree(text: &str) -> Tree {
        parse(&Source::new("exim.conf", text))
    }

    fn kinds(text: &str) -> Vec<&'static str> {
        let tree = tree(text);
        let node = tree.root().children().next().unwrap();
        node.below()
            .map(Branch::kind)
            .filter(|kind| !matches!(*kind, "space" | "line_end"))
            .collect()
    }

    #[test]
    fn lines_have_their_forms() {
        let text = "# c\nX = 1\nX == 2\nhide domainlist d = a : !+b\nhide no_x\n\nbegin acl\na:\n  accept hosts = +r\n  !verify = x\n  set acl_m0 = 1\n.ifdef X\n.else\n.endif\n.include /x y\nX_Y z\nbegin retry\n* * F,1h,5m\nbegin rewrite\n*@x y@z Ff\nbegin routers\nr:\n driver = accept\n?\n";
        let tree = tree(text);
        let found: Vec<_> = tree.root().children().map(Branch::kind).collect();
        assert_eq!(
            found.join(" "),
            "comment macro macro list option blank begin label verb option option conditional conditional \
             conditional include macro_line begin entry begin entry begin label option stray"
        );
    }

    #[test]
    fn joined_lines_are_one() {
        let text = "a = b : \\ \n  # c \\\n.ifdef X\n  c\\\n  d\nb = 1\n";
        let tree = tree(text);
        let first = tree.root().children().next().unwrap();
        assert_eq!(
            first.text(),
            "a = b : \\ \n  # c \\\n.ifdef X\n  c\\\n  d\n"
        );
        assert_eq!(tree.root().children().count(), 2);
    }

    #[test]
    fn expansions_nest() {
        let text = "condition = ${if and{{!eq{$h_from:}{\\N}\\N}}{def:x}} {${lc:$1}}{<;}}\n";
        assert_eq!(
            kinds(text),
            [
                "name",
                "equals",
                "braces",
                "expansion_open",
                "item",
                "condition",
                "braces",
                "open",
                "braces",
                "open",
                "not",
                "condition",
                "braces",
                "open",
                "variable",
                "close",
                "braces",
                "open",
                "verbatim",
                "close",
                "close",
                "braces",
                "open",
                "condition",
                "close",
                "close",
                "braces",
                "open",
                "braces",
                "expansion_open",
                "operator",
                "separator",
                "variable",
                "close",
                "close",
                "braces",
                "open",
                "word",
                "separator",
                "close",
                "close"
            ]
        );
    }

    #[test]
    fn no_byte_is_lost_whatever_is_written() {
        const PIECES: &[&str] = &[
            "a",
            "X",
            " ",
            "\t",
            "\n",
            "\r\n",
            "\\\n",
            "\\ \n",
            "\\",
            "=",
            "==",
            ":",
            ";",
            "<;",
            "+",
            "!",
            "#",
            "\"",
            "{",
            "}",
            "${",
            "${if ",
            "${lc:",
            "$h_x:",
            "$1",
            "$",
            "\\N",
            "def:",
            "accept",
            "deny ",
            "begin ",
            "begin acl\n",
            "begin retry\n",
            ".ifdef ",
            ".endif",
            ".include ",
            "hide ",
            "domainlist ",
            "set ",
            "acl_m0",
            "é",
            "\0",
            "\u{feff}",
            "_X",
            "no_",
        ];
        let mut random = fastrand::Rng::with_seed(4);
        for _ in 0..20_000 {
            let count = random.usize(0..24);
            let text: String = (0..count)
                .map(|_| PIECES[random.usize(0..PIECES.len())])
                .collect();
            let tree = tree(&text);
            let joined: String = tree.leaves().map(Branch::text).collect();
            assert_eq!(joined, text);
        }
    }

    #[test]
    fn depth_is_no_danger() {
        let text = format!("a = {}\n", "${if {".repeat(50_000));
        let tree = tree(&text);
        let joined: String = tree.leaves().map(Branch::text).collect();
        assert!(joined == text);
    }
}
