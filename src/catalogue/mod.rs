//! Rows of facts, compiled in. Must not know what they are about.
//!
//! A table is text as in `schemas/`: lines that begin with `#` are remarks, the first other line
//! names the columns, and the rows follow in the order of the bytes of their first column. Nothing
//! is parsed when the program starts: a table is cut into rows when it is first asked.

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
    /// The facts, row by row.
    cells: Vec<&'static str>,
    /// Where the facts of each row begin; behind the last row, where they end.
    rows: Vec<usize>,
}

impl Cut {
    fn row(&'static self, index: usize) -> Row {
        Row {
            columns: &self.columns,
            cells: &self.cells[self.rows[index]..self.rows[index + 1]],
        }
    }

    fn key(&self, index: usize) -> &'static str {
        self.cells[self.rows[index]]
    }
}

/// A row of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    columns: &'static [&'static str],
    cells: &'static [&'static str],
}

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
            let (mut cells, mut rows) = (Vec::new(), vec![0]);
            for line in lines {
                cells.extend(line.split('\t'));
                rows.push(cells.len());
            }
            Cut {
                columns,
                cells,
                rows,
            }
        })
    }

    /// Every row.
    pub fn rows(&'static self) -> impl Iterator<Item = Row> {
        let cut = self.cut();
        (0..cut.rows.len() - 1).map(|index| cut.row(index))
    }

    /// The rows whose first column is `key`, in order.
    pub fn find(&'static self, key: &str) -> impl Iterator<Item = Row> {
        let cut = self.cut();
        let count = cut.rows.len() - 1;
        let start = cut.rows[..count].partition_point(|&at| cut.cells[at] < key);
        let same = (start..count).take_while(|&index| cut.key(index) == key);
        let end = start + same.count();
        (start..end).map(|index| cut.row(index))
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
        self.cells[0]
    }

    /// The column called `name`; empty where the table has none such.
    pub fn get(self, name: &str) -> &'static str {
        let at = self.columns.iter().position(|column| *column == name);
        at.and_then(|at| self.cells.get(at))
            .copied()
            .unwrap_or_default()
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
