//! Rows of facts, compiled in. Must not know what they are about.
//!
//! A table is text as in `schemas/`: lines that begin with `#` are remarks, the first other line
//! names the columns, and the rows follow in the order of the bytes of their first column. Nothing
//! is parsed when the program starts: a name is found by halving the text.

use strsim::osa_distance;

/// A table of tab-separated facts.
#[derive(Clone, Copy, Debug)]
pub struct Table {
    /// The columns' names.
    columns: &'static str,
    /// The rows, each with its line end.
    rows: &'static str,
}

/// A row of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    columns: &'static str,
    line: &'static str,
}

impl Table {
    /// The table with this text.
    pub fn new(text: &'static str) -> Self {
        let mut rest = text;
        loop {
            let (line, rows) = rest.split_once('\n').unwrap_or((rest, ""));
            if !line.starts_with('#') || rows.is_empty() {
                return Self {
                    columns: line,
                    rows,
                };
            }
            rest = rows;
        }
    }

    /// Every row.
    pub fn rows(self) -> impl Iterator<Item = Row> {
        self.rows.lines().map(move |line| Row {
            columns: self.columns,
            line,
        })
    }

    /// The rows whose first column is `key`, in order.
    pub fn find(self, key: &str) -> impl Iterator<Item = Row> {
        let bytes = self.rows.as_bytes();
        let line_start = |at: usize| {
            bytes[..at]
                .iter()
                .rposition(|&b| b == b'\n')
                .map_or(0, |end| end + 1)
        };
        let (mut low, mut high) = (0, bytes.len());
        // `low` and `high` are starts of lines; the first row not before `key` begins between them.
        while low < high {
            let middle = line_start(low.midpoint(high));
            let line = self.rows[middle..].lines().next().unwrap_or_default();
            if first(line) < key {
                low = middle + line.len() + 1;
            } else {
                high = middle;
            }
        }
        let key = key.to_owned();
        self.rows
            .get(low..)
            .unwrap_or_default()
            .lines()
            .map(move |line| Row {
                columns: self.columns,
                line,
            })
            .take_while(move |row| row.key() == key)
    }

    /// The first row whose first column is `key`.
    pub fn get(self, key: &str) -> Option<Row> {
        self.find(key).next()
    }

    /// The name among the rows that was likely meant by `name`.
    pub fn nearest(self, name: &str) -> Option<&'static str> {
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
        first(self.line)
    }

    /// The column called `name`; empty where the table has none such.
    pub fn get(self, name: &str) -> &'static str {
        let mut columns = self.columns.split('\t').zip(self.line.split('\t'));
        columns
            .find(|(column, _)| *column == name)
            .map_or("", |(_, fact)| fact)
    }
}

fn first(line: &str) -> &str {
    line.split('\t').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_found() {
        let table = Table::new("# remark\nname\tkind\na\t1\nb\t2\nb\t3\ncc\t4\n");
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
