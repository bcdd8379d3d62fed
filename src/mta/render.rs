//! Templates: from a plan to text. The only file that knows the template engine; must not know
//! any server.
//!
//! A template prints whole numbers, and texts that went through a quoting filter of its server.
//! Everything else stops the rendering, so that no value of a description reaches a file unquoted.

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, Error, ErrorKind, UndefinedBehavior, Value};
use serde::Serialize;

use super::File;

/// A quoting filter: its name in templates, and what it makes of a text; nothing where the file
/// has no way to write that text.
pub type Quote = (&'static str, fn(&str) -> Option<String>);

/// The filter for text behind a comment sign, on one line.
pub fn comment(text: &str) -> Option<String> {
    (!text.contains(char::is_control)).then(|| text.to_owned())
}

/// The files of `templates`, pairs of a name and a template, with the values of `plan`.
///
/// # Panics
/// When a template is faulty, or a value has no way into the file; a description's values are
/// checked long before. A bug then stops the program instead of writing a wrong file.
pub fn render(templates: &[(&str, &str)], plan: &impl Serialize, quotes: &[Quote]) -> Vec<File> {
    let file = |&(name, template): &(&str, &str)| match try_render(template, plan, quotes) {
        Ok(text) => File {
            name: name.into(),
            text,
        },
        Err(error) => panic!("the template of {name} is faulty: {error:#}"),
    };
    templates.iter().map(file).collect()
}

fn try_render(template: &str, plan: impl Serialize, quotes: &[Quote]) -> Result<String, Error> {
    let mut environment = Environment::new();
    environment.set_syntax(
        // Exim writes `{{…}}` and `{%`, so templates use brackets.
        SyntaxConfig::builder()
            .block_delimiters("[%", "%]")
            .variable_delimiters("[=", "=]")
            .comment_delimiters("[#", "#]")
            .trim_blocks(true)
            .lstrip_blocks(true)
            .keep_trailing_newline(true)
            .build()?,
    );
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_formatter(|out, _, value| {
        if value.is_safe() || value.is_integer() {
            return write!(out, "{value}").map_err(Error::from);
        }
        let message = format!("{value:?} is printed without a quoting filter");
        Err(Error::new(ErrorKind::BadEscape, message))
    });
    for &(name, quote) in quotes {
        environment.add_filter(name, move |text: &str| {
            let refused = || {
                Error::new(
                    ErrorKind::BadEscape,
                    format!("{text:?} cannot be written here"),
                )
            };
            quote(text).map(Value::from_safe_string).ok_or_else(refused)
        });
    }
    environment.render_str(template, Value::from(Serde(plan)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_quoted_texts_and_numbers_are_printed() {
        let plan = serde_json::json!({ "n": 25, "s": "x", "b": true, "l": ["a"] });
        let quotes: &[Quote] = &[("q", |text| Some(format!("<{text}>"))), ("no", |_| None)];
        let text = try_render("[= n =] [= s | q =]\n", &plan, quotes);
        assert_eq!(text.unwrap(), "25 <x>\n");
        for faulty in [
            "[= s =]",
            "[= b =]",
            "[= l =]",
            "[= missing =]",
            "[= l | q =]",
            "[= s | no =]",
        ] {
            assert!(try_render(faulty, &plan, quotes).is_err(), "{faulty}");
        }
    }
}
