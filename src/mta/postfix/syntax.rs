//! Reading main.cf. Must not know what a parameter means.

use pest::Parser;
use pest::iterators::Pair;
use pest_derive::Parser;

#[derive(Parser)]
#[grammar = "../grammars/postfix_main.pest"]
struct MainCf;

/// A setting of main.cf.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// The parameter.
    pub name: String,
    /// Its value as written, lines joined, without blanks at its ends; nothing is expanded.
    pub value: String,
}

/// The settings of a main.cf, in order. Lines that are none are left out.
pub fn settings(text: &str) -> Vec<Setting> {
    let file = MainCf::parse(Rule::file, text)
        .ok()
        .and_then(|mut pairs| pairs.next());
    file.into_iter()
        .flat_map(Pair::into_inner)
        .filter(|pair| pair.as_rule() == Rule::setting)
        .map(setting)
        .collect()
}

fn setting(pair: Pair<'_, Rule>) -> Setting {
    let mut setting = Setting {
        name: String::new(),
        value: String::new(),
    };
    for part in pair.into_inner() {
        match part.as_rule() {
            Rule::name => part.as_str().clone_into(&mut setting.name),
            // The daemon deletes the line end and keeps the blanks of the next line.
            Rule::text => setting.value += part.as_str(),
            Rule::continuation => setting.value += part.as_str().trim_end_matches('\n'),
            _ => {}
        }
    }
    setting.value = setting
        .value
        .trim_matches(|c: char| c.is_ascii_whitespace() || c == '\u{0b}')
        .to_owned();
    setting
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaves(pair: Pair<'_, Rule>, text: &mut String) {
        let (start, end, all) = (pair.as_span().start(), pair.as_span().end(), pair.as_str());
        let mut at = start;
        for inner in pair.into_inner() {
            text.push_str(&all[at - start..inner.as_span().start() - start]);
            at = inner.as_span().end();
            leaves(inner, text);
        }
        text.push_str(&all[at - start..end - start]);
    }

    #[test]
    fn logical_lines_are_joined_as_the_daemon_does() {
        let text = "# c\nmyhostname = a\n# c\n\n   b = c\nx=1\r\n  y  =  # not a comment  \nz =\n\u{feff}k = 1\n=\n";
        let read: Vec<(String, String)> = settings(text)
            .into_iter()
            .map(|s| (s.name, s.value))
            .collect();
        let wanted = [
            ("myhostname", "a   b = c"),
            ("x", "1\r  y  =  # not a comment"),
            ("z", ""),
            ("\u{feff}k", "1"),
        ];
        assert_eq!(
            read,
            wanted.map(|(name, value)| (name.to_owned(), value.to_owned()))
        );
    }

    #[test]
    fn any_text_is_read_without_loss() {
        let mut random = fastrand::Rng::with_seed(1);
        let pieces = [
            "a",
            "=",
            " ",
            "\t",
            "\n",
            "\r",
            "#",
            "$x",
            "\0",
            "é",
            "\u{0b}",
            "name = value\n",
            "  more\n",
        ];
        for _ in 0..20_000 {
            let text: String = (0..random.usize(0..20))
                .map(|_| pieces[random.usize(0..pieces.len())])
                .collect();
            let file = MainCf::parse(Rule::file, &text)
                .unwrap_or_else(|error| panic!("{text:?}: {error}"));
            let mut joined = String::new();
            file.for_each(|pair| leaves(pair, &mut joined));
            assert_eq!(joined, text);
        }
    }
}
