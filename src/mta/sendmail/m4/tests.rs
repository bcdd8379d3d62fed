//! What m4 makes of texts. Must not know the library.

use super::*;

#[derive(Default)]
struct Nobody;

impl Host for Nobody {
    fn include(_: &mut Machine<Self>, _: &str, _: &Call, _: bool) {}
}

fn read(source: &str) -> (String, Vec<&'static str>) {
    let mut machine = Machine::new(Nobody);
    machine.push_source(&Source::new("x.m4", source), NOWHERE);
    machine.run();
    let mut out = Text::new();
    for number in machine.diverted() {
        out.extend(machine.take(number));
    }
    let rules = machine
        .findings
        .iter()
        .map(|finding| finding.rule)
        .collect();
    (string(&out), rules)
}

#[test]
fn texts_become_what_m4_makes_of_them() {
    for (source, wanted) in [
        ("define(`a', `b$1')a(`x', y) a", "bx b"),
        ("define(`a', b)define(`b', c)a", "c"),
        ("define(`a', ``b'')define(`b', c)a", "b"),
        (
            "define(x, `$# $2 $*')x(1,( 2,3 ), 4)",
            "3 ( 2,3 ) 1,( 2,3 ),4",
        ),
        ("define(`q', `$@')q(`a,b', c)", "a,b,c"),
        ("# a define(`x')\ndnl gone\nb", "# a define(`x')\nb"),
        ("changecom()# define(`x', `y')x", "# y"),
        ("changequote([, ])define([a], [`'])a", "`'"),
        (
            "ifelse(a, b, 1, c, c, 2, 3)ifelse(a, b, 1)ifelse(a, b, 1, 4)",
            "24",
        ),
        (
            "divert(2)b\ndivert(-1)lost\ndivert(1)a\ndivert(0)0\n",
            "0\na\nb\n",
        ),
        ("divert(1)x`'divert`'y`'undivert(1)", "yx"),
        (
            "index(abc, c) substr(abcd, 1, 2) len(`abc') translit(abc, a-b, A-B) incr(1)decr(1)",
            "2 bc 3 ABc 20",
        ),
        ("eval(2 * 3)eval(10, 16, 4)", "6000a"),
        ("define(`a', 1)pushdef(`a', 2)a`'popdef(`a')a", "21"),
        (
            "define(`old', defn(`len'))undefine(`len')old(abc) len(abc)",
            "3 len(abc)",
        ),
        ("define(`a', `x')define(`a', defn(`a')`,y')a", "x,y"),
        ("m4wrap(`end')start ", "start end"),
        ("a divert(-1)undivert", "a "),
        (
            "regexp(`abc', `b') patsubst(`a.b.', `\\.', `-') regexp(`xy', `\\(y\\)', `<\\1>')",
            "1 a-b- <y>",
        ),
        ("define(`d', defn(`len'))d(`xx') defn(`len')", "2 "),
        ("define (`a', `b') a", "define (a, b) a"),
        ("define('a', 'b')a", "a"),
        ("shift(a, b, c)format(`%03d|%-3s|', 7, a)", "b,c007|a  |"),
        ("ifdef(`a', 1, 2)define(`a')ifdef(`a', 1, 2)a.", "21."),
    ] {
        assert_eq!(read(source), (wanted.to_owned(), vec![]), "{source}");
    }
}

#[test]
fn what_goes_wrong_is_said_and_ends() {
    assert_eq!(read("a `b").1, ["unterminated-quote"]);
    assert_eq!(read("a define(`b'").1, ["unterminated-call"]);
    assert_eq!(read("define(`a', `a')a").1, ["m4-runaway"]);
    assert_eq!(read("define(`a', `a a')a").1, ["m4-runaway"]);
    assert_eq!(read("define(`a', `b`'a(a)')a").1, ["m4-runaway"]);
    assert_eq!(read("define(`a', b, c)").1, ["excess-arguments"]);
    assert_eq!(
        read("syscmd(`rm -rf /')esyscmd(`ls')").1,
        ["m4-runs-command"; 2]
    );
    assert_eq!(read(&"len(".repeat(5000)).1, ["m4-runaway"]);
}

#[test]
fn nothing_makes_it_panic() {
    let pieces = [
        "define(",
        "`",
        "'",
        ")",
        "(",
        ",",
        "a",
        "b",
        "$1",
        "$@",
        "$*",
        " ",
        "\n",
        "#",
        "dnl",
        "divert(",
        "1",
        "-1",
        "changequote(",
        "changecom(",
        "defn(`a')",
        "ifelse(",
        "substr(",
        "undivert",
        "eval(",
        "m4wrap(",
        "popdef(`a')",
        "pushdef(`a',",
        "é",
        "format(`%5s',",
        "translit(",
        "undefine(`define')",
        "shift(",
        "incr(",
        "index(",
    ];
    let mut random = fastrand::Rng::with_seed(9);
    for _ in 0..20_000 {
        let source: String = (0..random.usize(0..20))
            .map(|_| *random.choice(&pieces).unwrap())
            .collect();
        read(&source);
    }
}

#[test]
fn a_character_knows_its_definition_and_its_use() {
    let source = Source::new("x.m4", "define(`a', `word')\n[a]");
    let mut machine = Machine::new(Nobody);
    machine.push_source(&source, NOWHERE);
    machine.run();
    let out = machine.take(0);
    let w = out.iter().find(|c| c.c == 'w').unwrap();
    let shown = |at: u32| {
        let place = machine.place(at).unwrap();
        (place.span.start, source.slice(place.span).to_owned())
    };
    assert_eq!(shown(w.at), (13, "word".into()));
    assert_eq!(shown(w.used), (21, "a".into()));
}
