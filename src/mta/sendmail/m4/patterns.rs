//! The patterns of m4's `regexp` and `patsubst`: Emacs' syntax, the leftmost match and of those
//! the longest. Must not know what they are matched for.

/// Steps of one search; a pattern that needs more is given up.
const STEPS: usize = 200_000;
/// Groups within each other.
const DEEPEST: usize = 40;

/// A step of a pattern.
#[derive(Clone, Debug)]
enum Step {
    /// This character.
    One(char),
    /// Any character but a line end.
    Any,
    /// One of these ranges, or none of them.
    Of(Vec<(char, char)>, bool),
    /// Goes on at one of two steps.
    Fork(usize, usize),
    /// Goes on there.
    Go(usize),
    /// Notes the place.
    Note(usize),
    /// What a group matched.
    Same(usize),
    /// A condition on the characters around.
    Edge(char),
    /// It matched.
    Done,
}

/// A pattern.
#[derive(Debug)]
pub struct Pattern(Vec<Step>);

/// Where the whole and each group matched.
pub type Match = Vec<Option<usize>>;

impl Pattern {
    /// Reads a pattern; `None` for one that is not understood.
    pub fn new(text: &str) -> Option<Self> {
        let mut reader = Reader {
            chars: text.chars().collect(),
            at: 0,
            groups: 0,
            depth: 0,
        };
        let mut steps = reader.either()?;
        if reader.at < reader.chars.len() {
            return None;
        }
        steps.push(Step::Done);
        Some(Self(steps))
    }

    /// The first match at `start` or behind it.
    pub fn find(&self, text: &[char], start: usize) -> Option<Match> {
        let mut left = STEPS;
        (start..=text.len()).find_map(|at| self.at(text, at, &mut left))
    }

    /// The longest match that begins at `start`.
    fn at(&self, text: &[char], start: usize, left: &mut usize) -> Option<Match> {
        let mut best: Option<Match> = None;
        let mut open: Vec<(usize, usize, Match)> = vec![(0, start, vec![None; 20])];
        while let Some((mut step, mut at, mut notes)) = open.pop() {
            loop {
                if *left == 0 {
                    return best;
                }
                *left -= 1;
                let next = text.get(at);
                match &self.0[step] {
                    Step::One(c) if next == Some(c) => at += 1,
                    Step::Any if next.is_some_and(|&c| c != '\n') => at += 1,
                    Step::Of(ranges, not)
                        if next.is_some_and(|c| {
                            ranges.iter().any(|(a, b)| a <= c && c <= b) != *not
                        }) =>
                    {
                        at += 1;
                    }
                    Step::Fork(one, other) => {
                        open.push((*other, at, notes.clone()));
                        step = *one;
                        continue;
                    }
                    Step::Go(to) => {
                        step = *to;
                        continue;
                    }
                    Step::Note(number) => notes[*number] = Some(at),
                    Step::Same(group) => {
                        let part = notes[2 * group].zip(notes[2 * group + 1]);
                        let part = part.and_then(|(from, to)| text.get(from..to));
                        match part.filter(|part| text[at..].starts_with(part)) {
                            Some(part) => at += part.len(),
                            None => break,
                        }
                    }
                    Step::Edge(kind) if is_edge(*kind, text, at) => {}
                    Step::Done => {
                        notes[0] = Some(start);
                        notes[1] = Some(at);
                        if best.as_ref().is_none_or(|best| best[1] < Some(at)) {
                            best = Some(notes);
                        }
                        break;
                    }
                    _ => break,
                }
                step += 1;
            }
        }
        best
    }
}

fn is_word(c: Option<&char>) -> bool {
    c.is_some_and(|c| c.is_ascii_alphanumeric() || *c == '_')
}

fn is_edge(kind: char, text: &[char], at: usize) -> bool {
    let before = at.checked_sub(1).and_then(|at| text.get(at));
    let after = text.get(at);
    let (left, right) = (is_word(before), is_word(after));
    match kind {
        '^' => before.is_none_or(|&c| c == '\n'),
        '$' => after.is_none_or(|&c| c == '\n'),
        '`' => before.is_none(),
        '\'' => after.is_none(),
        'b' => left != right,
        'B' => left == right,
        '<' => !left && right,
        _ => left && !right,
    }
}

struct Reader {
    chars: Vec<char>,
    at: usize,
    groups: usize,
    depth: usize,
}

impl Reader {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.at + ahead).copied()
    }

    fn is_next(&self, word: [char; 2]) -> bool {
        self.peek(0) == Some(word[0]) && self.peek(1) == Some(word[1])
    }

    /// Branches with `\|` between them.
    fn either(&mut self) -> Option<Vec<Step>> {
        let mut steps = self.branch()?;
        while self.is_next(['\\', '|']) {
            self.at += 2;
            let other = self.branch()?;
            // Fork to the first, which goes behind the second when it is done.
            let mut both = vec![Step::Fork(1, steps.len() + 2)];
            both.extend(moved(&steps, 1));
            both.push(Step::Go(steps.len() + 2 + other.len()));
            both.extend(moved(&other, steps.len() + 2));
            steps = both;
        }
        Some(steps)
    }

    fn branch(&mut self) -> Option<Vec<Step>> {
        let mut steps = Vec::new();
        while self.at < self.chars.len() && !self.is_next(['\\', '|']) && !self.is_next(['\\', ')'])
        {
            let atom = self.atom(steps.is_empty())?;
            let repeats = !matches!(atom.first(), Some(Step::Edge(_)));
            let atom = if repeats { self.repeated(atom) } else { atom };
            let base = steps.len();
            steps.extend(moved(&atom, base));
        }
        Some(steps)
    }

    fn repeated(&mut self, mut atom: Vec<Step>) -> Vec<Step> {
        while let Some(sign @ ('*' | '+' | '?')) = self.peek(0) {
            self.at += 1;
            let len = atom.len();
            atom = match sign {
                '*' => {
                    let mut steps = vec![Step::Fork(1, len + 2)];
                    steps.extend(moved(&atom, 1));
                    steps.push(Step::Go(0));
                    steps
                }
                '+' => {
                    atom.push(Step::Fork(0, len + 1));
                    atom
                }
                _ => {
                    let mut steps = vec![Step::Fork(1, len + 1)];
                    steps.extend(moved(&atom, 1));
                    steps
                }
            };
        }
        atom
    }

    fn atom(&mut self, first: bool) -> Option<Vec<Step>> {
        let c = self.peek(0)?;
        self.at += 1;
        let at_end =
            self.at == self.chars.len() || self.is_next(['\\', '|']) || self.is_next(['\\', ')']);
        let step = match c {
            '.' => Step::Any,
            '[' => self.class()?,
            '^' if first => Step::Edge('^'),
            '$' if at_end => Step::Edge('$'),
            '\\' => {
                let c = self.peek(0)?;
                self.at += 1;
                match c {
                    '(' => return self.group(),
                    '1'..='9' => Step::Same(c.to_digit(10)? as usize),
                    'w' | 'W' => Step::Of(
                        vec![('a', 'z'), ('A', 'Z'), ('0', '9'), ('_', '_')],
                        c == 'W',
                    ),
                    '`' | '\'' | 'b' | 'B' | '<' | '>' => Step::Edge(c),
                    c => Step::One(c),
                }
            }
            c => Step::One(c),
        };
        Some(vec![step])
    }

    fn group(&mut self) -> Option<Vec<Step>> {
        self.groups += 1;
        self.depth += 1;
        let number = self.groups;
        if self.depth > DEEPEST || number > 9 {
            return None;
        }
        let inner = self.either()?;
        if !self.is_next(['\\', ')']) {
            return None;
        }
        self.at += 2;
        self.depth -= 1;
        let mut steps = vec![Step::Note(2 * number)];
        steps.extend(moved(&inner, 1));
        steps.push(Step::Note(2 * number + 1));
        Some(steps)
    }

    fn class(&mut self) -> Option<Step> {
        let not = self.peek(0) == Some('^');
        self.at += usize::from(not);
        let mut ranges = Vec::new();
        loop {
            let c = self.peek(0)?;
            self.at += 1;
            if c == ']' && !ranges.is_empty() {
                return Some(Step::Of(ranges, not));
            }
            match (self.peek(0), self.peek(1)) {
                (Some('-'), Some(last)) if last != ']' => {
                    ranges.push((c, last));
                    self.at += 2;
                }
                _ => ranges.push((c, c)),
            }
        }
    }
}

/// The steps as they are `by` steps further on.
fn moved(steps: &[Step], by: usize) -> Vec<Step> {
    let moved = steps.iter().map(|step| match step {
        Step::Fork(one, other) => Step::Fork(one + by, other + by),
        Step::Go(to) => Step::Go(to + by),
        step => step.clone(),
    });
    moved.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(pattern: &str, text: &str) -> Option<(usize, usize)> {
        let text: Vec<char> = text.chars().collect();
        let found = Pattern::new(pattern)?.find(&text, 0)?;
        found[0].zip(found[1])
    }

    #[test]
    fn patterns_match_as_those_of_emacs() {
        for (pattern, text, wanted) in [
            ("b+", "abbc", Some((1, 3))),
            ("a\\|ab", "xab", Some((1, 3))),
            ("\\(a\\)\\1", "aba aa", Some((4, 6))),
            ("^c$", "ab\nc\nd", Some((3, 4))),
            ("[^a-c]", "abcd", Some((3, 4))),
            ("\\.$", "a.b.", Some((3, 4))),
            ("\\<b\\w*", "ab bc", Some((3, 5))),
            ("x*", "abc", Some((0, 0))),
            ("(a)?", "b", None),
            ("\\(a*\\)*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaac", None),
        ] {
            assert_eq!(find(pattern, text), wanted, "{pattern} {text}");
        }
        assert!(Pattern::new(&"\\(".repeat(500)).is_none());
    }
}
