//! How the machine reads: it cuts what is next into tokens, collects arguments, and has what a call
//! becomes read again. Must not know what any macro does.

use std::rc::Rc;

use super::input::{Char, HANDED_ON, Input, NOWHERE, Text, string, text};
use super::{Call, DEPTH, EXPANSIONS, Frame, Host, Machine, Meaning, NESTED};
use crate::findings::Severity;

/// What was read next.
enum Token {
    End,
    Word(Text),
    Quoted(Text),
    Other(Char),
    Comment(Text),
}

impl<H: Host> Machine<H> {
    /// Reads all there is, then what was put off to the end.
    pub fn run(&mut self) {
        self.drain();
        while let Some(text) = self.wraps.pop() {
            self.push(text);
            self.drain();
        }
    }

    /// What a text becomes.
    pub fn expand(&mut self, text: Text) -> Text {
        if self.nested >= NESTED {
            self.run_away(text.first().map_or(NOWHERE, |c| c.used));
            return Text::new();
        }
        self.nested += 1;
        let input = std::mem::take(&mut self.input);
        let frames = std::mem::take(&mut self.frames);
        let captured = self.captured.replace(Text::new());
        self.push(text);
        self.drain();
        self.input = input;
        self.frames = frames;
        self.nested -= 1;
        std::mem::replace(&mut self.captured, captured).unwrap_or_default()
    }

    /// What the text becomes, as a string.
    pub fn value(&mut self, source: &str) -> String {
        string(&self.expand(text(source, NOWHERE, NOWHERE)))
    }

    fn drain(&mut self) {
        while !self.stopped && self.step() {}
        if let Some(frame) = self.frames.first()
            && !self.stopped
        {
            let at = frame.call.at;
            let message = format!(
                "the parenthesis after `{}` is never closed, so that m4 stops here and everything after it is lost",
                frame.call.name
            );
            self.say(
                Severity::Error,
                "unterminated-call",
                at,
                message,
                "close it",
            );
            self.frames.clear();
        }
        if self.stopped {
            self.input = Input::default();
            self.frames.clear();
        }
    }

    /// Takes a token and does what it says; whether there was one.
    fn step(&mut self) -> bool {
        match self.token() {
            Token::End => return false,
            Token::Word(word) => self.word(&word),
            Token::Quoted(text) | Token::Comment(text) => self.put(&text),
            Token::Other(c) => self.other(c),
        }
        true
    }

    /// Writes a text to where the text around it goes.
    pub fn put(&mut self, text: &[Char]) {
        if let Some(frame) = self.frames.last_mut() {
            frame.fresh = false;
            frame.current.extend(text);
            return;
        }
        let plain: Text = text.iter().filter(|c| c.c != HANDED_ON).copied().collect();
        match &mut self.captured {
            Some(captured) => captured.extend(plain),
            None => self.write(self.current, &plain),
        }
    }

    fn other(&mut self, c: Char) {
        let Some(frame) = self.frames.last_mut() else {
            return self.put(&[c]);
        };
        match c.c {
            ',' | ')' if frame.depth == 0 => {
                let arg = std::mem::take(&mut frame.current);
                frame.call.args.push(arg);
                frame.call.end = c.at + 1;
                frame.fresh = true;
                if c.c == ')'
                    && let Some(frame) = self.frames.pop()
                {
                    self.act(&frame.macro_, &frame.call);
                }
                return;
            }
            '(' => frame.depth += 1,
            ')' => frame.depth -= 1,
            c if frame.fresh && (c.is_ascii_whitespace() || c == '\u{0b}') => return,
            _ => {}
        }
        frame.fresh = false;
        frame.current.push(c);
    }

    fn word(&mut self, word: &[Char]) {
        let name = string(word);
        let meaning = self.get(&name).map(|found| found.meaning.clone());
        let parens = self.input.peek(0).is_some_and(|c| c.c == '(');
        match meaning {
            Some(meaning) if parens || !matches!(meaning, Meaning::Act(_, true)) => {
                let (at, used) = (word[0].at, word[0].used);
                let used = if used == NOWHERE { at } else { used };
                self.expansions += 1;
                if self.expansions > EXPANSIONS || self.frames.len() > DEPTH {
                    return self.run_away(used);
                }
                let call = Call {
                    name: Rc::from(name.as_str()),
                    args: Vec::new(),
                    parens,
                    at,
                    end: NOWHERE,
                    used,
                };
                if parens {
                    self.input.next();
                    self.frames.push(Frame {
                        macro_: meaning,
                        call,
                        current: Text::new(),
                        depth: 0,
                        fresh: true,
                    });
                } else {
                    self.act(&meaning, &call);
                }
            }
            _ => self.put(word),
        }
    }

    pub(super) fn act(&mut self, meaning: &Meaning<H>, call: &Call) {
        match meaning {
            Meaning::Act(act, _) => act(self, call),
            Meaning::Text(body) => {
                let text = self.substituted(body, call);
                self.push(text);
            }
        }
    }

    /// The body of a macro with the arguments of a call in it.
    fn substituted(&self, body: &[Char], call: &Call) -> Text {
        let mut out = Text::with_capacity(body.len());
        let mut at = 0;
        let mut add = |text: &[Char]| {
            out.extend(text.iter().map(|c| Char {
                used: if call.used == NOWHERE {
                    c.used
                } else {
                    call.used
                },
                ..*c
            }));
        };
        while let Some(&c) = body.get(at) {
            at += 1;
            let next = body.get(at).map_or('\0', |c| c.c);
            if c.c != '$' {
                add(&[c]);
                continue;
            }
            match next {
                '0'..='9' => {
                    let mut number = 0usize;
                    while let Some(digit) = body.get(at).and_then(|c| c.c.to_digit(10)) {
                        number = number.saturating_mul(10).saturating_add(digit as usize);
                        at += 1;
                    }
                    if number == 0 {
                        add(&text(&call.name, NOWHERE, call.used));
                    } else if let Some(arg) = call.args.get(number - 1) {
                        add(arg);
                    }
                }
                '#' => {
                    at += 1;
                    add(&text(&call.args.len().to_string(), NOWHERE, call.used));
                }
                '*' | '@' => {
                    at += 1;
                    add(&self.listed(&call.args, next == '@'));
                }
                _ => add(&[c]),
            }
        }
        out
    }

    /// Arguments with commas between them, each within quotes if asked for.
    pub(super) fn listed(&self, args: &[Text], quoted: bool) -> Text {
        let plain = |chars: &[char]| -> Text {
            chars
                .iter()
                .map(|&c| Char {
                    c,
                    at: NOWHERE,
                    used: NOWHERE,
                })
                .collect()
        };
        let mut out = Text::new();
        for (index, arg) in args.iter().enumerate() {
            if index > 0 {
                out.extend(plain(&[',']));
            }
            if quoted {
                out.extend(plain(&self.quotes.0));
            }
            out.extend(arg);
            if quoted {
                out.extend(plain(&self.quotes.1));
            }
        }
        out
    }

    fn token(&mut self) -> Token {
        let Some(first) = self.input.peek(0) else {
            return Token::End;
        };
        if let Some((begin, end)) = self.comments.clone()
            && self.input.starts_with(&begin)
        {
            let mut text = self.input.take(begin.len());
            while !self.input.starts_with(&end) {
                let Some(c) = self.input.next() else {
                    return Token::Comment(text);
                };
                text.push(c);
            }
            text.extend(self.input.take(end.len()));
            return Token::Comment(text);
        }
        if first.c.is_ascii_alphabetic() || first.c == '_' {
            let mut word = Text::new();
            while let Some(c) = self.input.peek(0)
                && (c.c.is_ascii_alphanumeric() || c.c == '_')
            {
                word.push(c);
                self.input.next();
            }
            return Token::Word(word);
        }
        let (open, close) = self.quotes.clone();
        if !open.is_empty() && self.input.starts_with(&open) {
            let opening = self.input.take(open.len());
            let mut text = Text::new();
            let mut depth = 1;
            loop {
                if self.input.starts_with(&close) {
                    let closing = self.input.take(close.len());
                    depth -= 1;
                    if depth == 0 {
                        return Token::Quoted(text);
                    }
                    text.extend(closing);
                } else if self.input.starts_with(&open) {
                    text.extend(self.input.take(open.len()));
                    depth += 1;
                } else if let Some(c) = self.input.next() {
                    text.push(c);
                } else {
                    let at = if opening[0].at == NOWHERE {
                        opening[0].used
                    } else {
                        opening[0].at
                    };
                    let message =
                        "this quote is never closed, so that m4 stops here and everything after it is lost".to_owned();
                    self.say(
                        Severity::Error,
                        "unterminated-quote",
                        at,
                        message,
                        "write `'` behind the quoted text",
                    );
                    self.frames.clear();
                    self.wraps.clear();
                    return Token::End;
                }
            }
        }
        self.input.next();
        Token::Other(first)
    }
}
