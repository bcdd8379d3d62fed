//! Exim configurations put together at random from pieces that decide sessions.

use std::fmt::Write;

use fastrand::Rng;

/// Files that the pieces name, by their paths.
pub const FILES: &[(&str, &str)] = &[
    (
        "/lab/files/hosts",
        "# hosts\n192.0.2.64/26\n!192.0.2.9\n192.0.2.8/29\n",
    ),
    (
        "/lab/files/nets",
        "198.51.100.0/24: yes\n2001:db8:5::/48\n\"2001:db8:6::/48\": x\n",
    ),
    (
        "/lab/files/names",
        "gate.friend.example: 1\nother.example\n",
    ),
    (
        "/lab/files/domains",
        "listed.example: one\n*.below.example: two\nexample.net: one\n",
    ),
    ("/lab/files/dlist", "file.example\n*.file.example # below\n"),
    (
        "/lab/files/senders",
        "boss@example.com: 1\nlisted.example: 2\n",
    ),
];

const HOSTS: &[&str] = &[
    "192.0.2.0/24",
    "192.0.2.7",
    "!192.0.2.7",
    "10.0.0.0/8",
    "2001::db8::::/32",
    "127.0.0.1",
    "::::1",
    "@[]",
    "*",
    "!*",
    "0.0.0.0/0",
    "203.0.113.0/25",
    "!203.0.113.7",
    "+h1",
    "!+h1",
    "/lab/files/hosts",
    "!/lab/files/hosts",
    "net-iplsearch;/lab/files/nets",
    "*.friend.example",
    "!*.friend.example",
    "*friend.example",
    "^mail\\\\d+",
    "lsearch;/lab/files/names",
    "+ignore_unknown",
    "+include_unknown",
    "+ignore_defer",
    "+include_defer",
    "192.0.2.5/24",
    "10.1.2",
    "+nosuch",
    "",
];

const DOMAINS: &[&str] = &[
    "example.com",
    "*.example.com",
    "!sub.example.com",
    "*ext.example",
    "^x.*\\\\.example\\$",
    "@",
    "@[]",
    "*",
    "+d1",
    "!+d1",
    "+d2",
    "lsearch;/lab/files/domains",
    "partial-lsearch;/lab/files/domains",
    "/lab/files/dlist",
    "!/lab/files/dlist",
    "elsewhere.example",
    "relay.example",
    "+nosuch",
    "^\\\\[",
    "!example.net",
    ".example.net",
];

const LOCALS: &[&str] = &[
    "postmaster",
    "^.*[@%!]",
    "user",
    "!user",
    "*user",
    "abuse",
    "^admin",
    "*",
];

const SENDERS: &[&str] = &[
    "boss@example.com",
    "*@example.com",
    "!boss@example.com",
    "",
    "*@*.example.net",
    "^boss",
    "example.com",
    "lsearch;/lab/files/senders",
    "*boss@example.com",
    "*@+d1",
    "*",
];

const TRUTHS: &[&str] = &[
    "${if eq{$received_port}{25}}",
    "${if eq{$interface_port}{587}{yes}{no}}",
    "${if match{$sender_helo_name}{^mail}}",
    "${if match_domain{$domain}{+d1}{yes}{no}}",
    "${if match_ip{$sender_host_address}{+h1}{1}{0}}",
    "${if eq{$acl_m_x}{a}}",
    "${if def:acl_m_x}",
    "${if eq{$acl_c_y}{${lc:ONE}}{yes}fail}",
    "${if and{{eq{$local_part}{user}}{!eq{$sender_address}{}}}}",
    "${lookup{$domain}lsearch{/lab/files/domains}{yes}{no}}",
    "${if eq{${lookup{$domain}lsearch{/lab/files/domains}}}{one}}",
    "${if inlist{$domain}{a.example:example.com}{1}fail}",
    "${lc:YES}",
    "maybe",
    "no",
    "$nosuch",
    "${if or{{eq{$sender_address_domain}{example.com}}{match{$domain}{^sub}}}}",
    "${if match{$smtp_command_argument}{\\N(^|[<)])\\s*@\\N}}",
    "${if isip4{$sender_host_address}}",
    "${if bool{$acl_m_z}}",
    "${if exists{/lab/files/hosts}{yes}{no}}",
    "${if exists{/lab/none}}",
    "${if eqi{$sender_address}{BOSS@example.com}}",
    "${if >{$received_port}{100}}",
    "0",
    "00",
    "3",
    "${if match_address{$sender_address}{*@example.com}{yes}{no}}",
    "${if !def:sender_address}",
    "${if match{$local_part@$domain}{^user@sub}}",
    "${if forced{x}}",
    "${if isip{$sender_helo_name}}",
    "${if >{$rcpt_count}{10}}",
    "${if eq{$rcpt_count}{1}}",
    "${if ={$recipients_count}{0}}",
];

fn pick<'a>(random: &mut Rng, pieces: &[&'a str]) -> &'a str {
    pieces[random.usize(..pieces.len())]
}

/// A list of some of the pieces.
fn list(random: &mut Rng, pieces: &[&str], rare: bool) -> String {
    let mut items = Vec::new();
    for _ in 0..random.usize(1..4) {
        let item = pick(random, pieces);
        // What stops everybody is rare.
        let stops = ["+nosuch", "10.1.2"].contains(&item);
        if !stops || rare && random.u8(..) < 40 {
            items.push(item);
        }
    }
    if items == [""] {
        return ":".into();
    }
    items.join(" : ")
}

/// How far a session is where an ACL is asked.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum Phase {
    Connect,
    Helo,
    Mail,
    Rcpt,
}

fn condition(random: &mut Rng, phase: Phase, nested: bool) -> String {
    loop {
        let rcpt = phase == Phase::Rcpt;
        let not = if random.u8(0..4) == 0 { "!" } else { "" };
        let text = match random.u8(0..14) {
            0..=2 => format!("hosts = {}", list(random, HOSTS, true)),
            3..=5 if rcpt => format!("domains = {}", list(random, DOMAINS, true)),
            6 if rcpt => format!("local_parts = {}", list(random, LOCALS, true)),
            7 if phase >= Phase::Mail => format!("senders = {}", list(random, SENDERS, true)),
            8 if phase >= Phase::Mail => {
                format!("sender_domains = {}", list(random, DOMAINS, false))
            }
            9 if phase >= Phase::Mail => "authenticated = *".into(),
            10 => {
                let truth = pick(random, TRUTHS);
                let fails = ["maybe", "$nosuch", "${if forced{x}}"].contains(&truth);
                if fails && random.u8(0..6) > 0
                    || phase < Phase::Rcpt && truth.contains("smtp_command")
                {
                    continue;
                }
                format!("condition = {truth}")
            }
            11 if rcpt => "verify = recipient".into(),
            12 if phase >= Phase::Mail => match random.u8(0..3) {
                0 => "verify = reverse_host_lookup".into(),
                1 => "encrypted = *".into(),
                _ => "verify = sender".into(),
            },
            13 if rcpt && nested => "acl = sub".into(),
            _ => continue,
        };
        return format!("{not}{text}");
    }
}

fn acl(random: &mut Rng, name: &str, phase: Phase, nested: bool) -> String {
    let mut text = format!("{name}:\n");
    for _ in 0..random.usize(1..5) {
        let verb = match random.u8(0..12) {
            0..=3 => "accept",
            4..=7 => "deny",
            8 => "require",
            9 => "warn",
            10 => "defer",
            _ if nested && random.u8(0..4) == 0 => "discard",
            _ if !nested => "drop",
            _ => "accept",
        };
        let _ = writeln!(text, "  {verb}");
        for number in 0..random.usize(1..4) {
            if number > 0
                && verb == "accept"
                && random.u8(0..5) == 0
                && !text.ends_with("endpass\n")
            {
                let _ = writeln!(text, "    endpass");
            }
            if nested && random.u8(0..8) == 0 {
                let set = pick(
                    random,
                    &[
                        "acl_m_x = a",
                        "acl_m_x = b",
                        "acl_c_y = one",
                        "acl_m_z = yes",
                    ],
                );
                let _ = writeln!(text, "    set {set}");
            }
            let _ = writeln!(text, "    {}", condition(random, phase, nested));
        }
    }
    if random.bool() {
        let _ = writeln!(
            text,
            "  {}",
            pick(
                random,
                &[
                    "accept",
                    "deny",
                    "accept hosts = +h1",
                    "accept domains = +d1"
                ]
            )
        );
    }
    text
}

/// A configuration.
pub fn compose(random: &mut Rng) -> String {
    let mut text = String::from(
        "primary_hostname = mail.lab.example\nsmtp_accept_max_nonmail = 1000000\nsmtp_max_synprot_errors = 1000000\nsmtp_max_unknown_commands = 1000000\nkeep_environment =\nhelo_allow_chars = _\n",
    );
    let without_own: Vec<&str> = HOSTS
        .iter()
        .copied()
        .filter(|item| !item.contains("+h1"))
        .collect();
    let no_d: Vec<&str> = DOMAINS
        .iter()
        .copied()
        .filter(|item| !item.contains("+d"))
        .collect();
    let acyclic: Vec<&str> = DOMAINS
        .iter()
        .copied()
        .filter(|item| !item.contains("+d2"))
        .collect();
    let _ = writeln!(text, "hostlist h1 = {}", list(random, &without_own, false));
    let _ = writeln!(text, "domainlist d1 = {}", list(random, &no_d, false));
    let _ = writeln!(text, "domainlist d2 = {}", list(random, &acyclic, false));
    text.push_str("domainlist local = example.com : @ : @[]\n");
    for option in [
        "daemon_smtp_ports = 25 : 587",
        "allow_domain_literals",
        "recipient_unqualified_hosts = 192.0.2.0/24 : @[]",
        "percent_hack_domains = example.com : elsewhere.example",
        "qualify_recipient = example.com",
        "host_reject_connection = 192.0.2.7 : *.friend.example",
    ] {
        if random.u8(0..4) == 0 || option.starts_with("allow") && random.bool() {
            let _ = writeln!(text, "{option}");
        }
    }
    let mut acls = String::new();
    let mut add = |random: &mut Rng, option: &str, phase: Phase| {
        let name = format!("a{}", &option[9..]);
        let by_port = random.u8(0..10) == 0;
        let _ = match (by_port, random.bool()) {
            (true, true) => writeln!(
                text,
                "{option} = ${{if eq{{$received_port}}{{25}}{{{name}}}fail}}"
            ),
            (true, false) => writeln!(
                text,
                "{option} = ${{if eq{{$received_port}}{{25}}{{{name}}}{{deny}}}}"
            ),
            _ => writeln!(text, "{option} = {name}"),
        };
        acls += &acl(random, &name, phase, phase == Phase::Rcpt);
    };
    add(random, "acl_smtp_rcpt", Phase::Rcpt);
    for (option, phase) in [
        ("acl_smtp_connect", Phase::Connect),
        ("acl_smtp_helo", Phase::Helo),
        ("acl_smtp_mail", Phase::Mail),
    ] {
        if random.u8(0..5) == 0 {
            add(random, option, phase);
        }
    }
    acls += &acl(random, "sub", Phase::Rcpt, false);
    let _ = write!(text, "begin acl\n{acls}begin routers\n");
    if random.bool() {
        text.push_str("hub:\n  driver = manualroute\n  domains = !+local\n  route_list = relay.example mx.outside.example ; *.file.example mx.outside.example\n  transport = remote\n");
    }
    if random.bool() {
        let no_more = if random.bool() { "  no_more\n" } else { "" };
        let domains = pick(random, &["  domains = !+local\n", "  domains = +d2\n", ""]);
        let _ = write!(
            text,
            "dns:\n  driver = dnslookup\n{domains}  transport = remote\n{no_more}"
        );
    }
    if random.u8(0..3) == 0 {
        text.push_str("sub:\n  driver = accept\n  domains = +d1\n  local_parts = user : ^admin\n  senders = !boss@example.com\n  transport = remote\n");
    }
    if random.u8(0..3) == 0 {
        text.push_str("post:\n  driver = redirect\n  local_parts = postmaster\n  data = root@mail.lab.example\n");
    }
    let affix = pick(
        random,
        &[
            "",
            "",
            "  local_part_prefix = real-\n",
            "  local_part_suffix = +* : -*\n  local_part_suffix_optional\n",
        ],
    );
    let _ = write!(
        text,
        "users:\n  driver = redirect\n  domains = +local\n{affix}  data = ${{lookup{{$local_part}}lsearch*{{/lab/accounts}}}}\nbegin transports\nremote:\n  driver = smtp\nbegin authenticators\nplain:\n  driver = plaintext\n  public_name = PLAIN\n  server_prompts = :\n  server_condition = ${{if eq{{$auth3}}{{right}}}}\n"
    );
    text
}
