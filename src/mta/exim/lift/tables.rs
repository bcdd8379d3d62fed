//! Files that lists and lookups read: lines of a list, and keys with their data. Must not know what
//! they are asked for.

/// The items of a file that stands in a list: one a line, comments left out (Exim's specification,
/// §10.3). `#` begins a comment at the start of a line, and behind white space.
pub fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter_map(|line| {
        let end = line
            .match_indices('#')
            .map(|(at, _)| at)
            .find(|&at| at == 0 || line[..at].ends_with([' ', '\t']));
        let line = line[..end.unwrap_or(line.len())].trim();
        (!line.is_empty()).then_some(line)
    })
}

/// The keys of a file for `lsearch` and its kin, in lower case, with their data (§9.3); of a key
/// that stands twice the first counts.
pub fn entries(text: &str) -> Vec<(String, String)> {
    let mut entries: Vec<(String, String)> = Vec::new();
    for line in text.lines() {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if line.starts_with([' ', '\t']) {
            let more = line.trim();
            if let Some((_, data)) = entries.last_mut()
                && !more.is_empty()
                && !more.starts_with('#')
            {
                data.push(' ');
                data.push_str(more);
            }
            continue;
        }
        let (key, rest) = if line.starts_with('"') {
            let (key, rest, _) = crate::mta::exim::quoted::unquoted(line);
            (key, rest)
        } else {
            let end = line
                .find(|c: char| c == ':' || c.is_ascii_whitespace())
                .unwrap_or(line.len());
            (line[..end].to_owned(), &line[end..])
        };
        let rest = rest.trim_start();
        let data = rest.strip_prefix(':').unwrap_or(rest).trim();
        entries.push((key.to_ascii_lowercase(), data.to_owned()));
    }
    let mut seen = std::collections::HashSet::new();
    entries.retain(|(key, _)| seen.insert(key.clone()));
    entries
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_read_as_the_daemon_does() {
        let text = "# c\na.example\n b.example # d\n\nx#y\n";
        let items: Vec<&str> = lines(text).collect();
        assert_eq!(items, ["a.example", "b.example", "x#y"]);
        let text = "A: one\n  more\n# c\nb two\na: three\n\"c d\": e\n";
        let wanted = [("a", "one more"), ("b", "two"), ("c d", "e")];
        let wanted: Vec<(String, String)> =
            wanted.map(|(k, v)| (k.to_owned(), v.to_owned())).into();
        assert_eq!(entries(text), wanted);
    }
}
