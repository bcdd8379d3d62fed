//! Rows of facts, compiled in. Must not know what they are about.
//!
//! A table is text as in `schemas/`: lines that begin with `#` are remarks, the first other line
//! names the columns, and the rows follow in the order of the bytes of their first column. Nothing
//! is parsed when the program starts: a table is cut into rows when it is first asked.

use std::ops::Range;
use std::sync::OnceLock;

use strsim::osa_distance;

/// A table of tab-separated facts.
#[derive(Debug)]
pub struct Table {
    text: &'static str,
    cut: OnceLock<Cut>,
}

/// A table's text, cut into pieces.
#[derive(Debug)]
struct Cut {
    /// The columns' names.
    columns: Vec<&'static str>,
    /// The rows.
    lines: Vec<Line>,
}

/// A row's text. It is cut into facts when it is first asked: few rows of a table are.
#[derive(Debug)]
struct Line {
    key: &'static str,
    text: &'static str,
    facts: OnceLock<Vec<&'static str>>,
}

impl Cut {
    fn rows(&'static self, range: Range<usize>) -> impl Iterator<Item = Row> {
        self.lines[range].iter().map(|line| Row {
            columns: &self.columns,
            line,
        })
    }
}

/// A row of a table.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    columns: &'static [&'static str],
    line: &'static Line,
}

impl PartialEq for Row {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.line, other.line)
    }
}

impl Eq for Row {}

impl Table {
    /// The table with this text.
    pub const fn new(text: &'static str) -> Self {
        Self {
            text,
            cut: OnceLock::new(),
        }
    }

    fn cut(&self) -> &Cut {
        self.cut.get_or_init(|| {
            let mut lines = self.text.lines().filter(|line| !line.starts_with('#'));
            let columns = lines.next().unwrap_or_default().split('\t').collect();
            let lines = lines.map(|text| Line {
                key: text.split('\t').next().unwrap_or_default(),
                text,
                facts: OnceLock::new(),
            });
            Cut {
                columns,
                lines: lines.collect(),
            }
        })
    }

    /// Every row.
    pub fn rows(&'static self) -> impl Iterator<Item = Row> {
        let cut = self.cut();
        cut.rows(0..cut.lines.len())
    }

    /// The rows whose first column is `key`, in order.
    pub fn find(&'static self, key: &str) -> impl Iterator<Item = Row> {
        let cut = self.cut();
        let start = cut.lines.partition_point(|line| line.key < key);
        let same = cut.lines[start..].iter();
        let same = same.take_while(|line| line.key == key).count();
        cut.rows(start..start + same)
    }

    /// The first row whose first column is `key`.
    pub fn get(&'static self, key: &str) -> Option<Row> {
        self.find(key).next()
    }

    /// The name among the rows that was likely meant by `name`.
    pub fn nearest(&'static self, name: &str) -> Option<&'static str> {
        nearest(name, self.rows().map(Row::key))
    }
}

/// The one of `names` that was likely meant by `name`.
pub fn nearest<'n>(name: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let bound = (name.len() / 4).clamp(1, 3);
    names
        // Names of very different length are far apart, and measuring that takes time.
        .filter(|known| known.len().abs_diff(name.len()) <= bound)
        .map(|known| (osa_distance(known, name), known))
        .filter(|&(distance, _)| distance <= bound)
        .min()
        .map(|(_, known)| known)
}

impl Row {
    /// The first column.
    pub fn key(self) -> &'static str {
        self.line.key
    }

    /// The column called `name`; empty where the table has none such.
    pub fn get(self, name: &str) -> &'static str {
        let at = self.columns.iter().position(|column| *column == name);
        let cut = || self.line.text.split('\t').collect();
        let facts = self.line.facts.get_or_init(cut);
        at.and_then(|at| facts.get(at)).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_found() {
        static TABLE: Table = Table::new("# remark\nname\tkind\na\t1\nb\t2\nb\t3\ncc\t4\n");
        let table = &TABLE;
        for row in table.rows() {
            assert!(table.find(row.key()).any(|found| found == row));
        }
        let kinds: Vec<_> = table.find("b").map(|row| row.get("kind")).collect();
        assert_eq!(kinds, ["2", "3"]);
        assert!(table.get("d").is_none() && table.get("").is_none() && table.get("aa").is_none());
        assert_eq!(table.get("a").unwrap().get("nothing"), "");
        assert_eq!(table.nearest("cd"), Some("cc"));
    }
}
