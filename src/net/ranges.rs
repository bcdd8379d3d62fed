//! Sets of addresses as sorted ranges, and the classes that several sets cut the address space
//! into. Must not know what a set stands for.

use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{Network, special_use};

/// An address as a number that sorts within its family: `(is IPv6, bits)`.
type Key = (bool, u128);

fn key(address: IpAddr) -> Key {
    match address {
        IpAddr::V4(v4) => (false, u32::from(v4).into()),
        IpAddr::V6(v6) => (true, v6.into()),
    }
}

fn address((is_v6, bits): Key) -> IpAddr {
    if is_v6 {
        Ipv6Addr::from(bits).into()
    } else {
        // A key of the IPv4 family holds at most 32 bits.
        Ipv4Addr::from(u32::try_from(bits).unwrap_or(u32::MAX)).into()
    }
}

/// A set of addresses: ranges that are sorted, disjoint and not adjacent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AddressSet {
    ranges: Vec<(Key, Key)>,
    /// The ranges without those of wide networks; none where there is no such network.
    narrow: Option<Vec<(Key, Key)>>,
}

/// Whether a range has no more addresses than an IPv4 network of /8 or an IPv6 network of /32:
/// what one organisation may have for its own.
fn is_narrow((first, last): &(Key, Key)) -> bool {
    last.1 - first.1 < if first.0 { 1 << 96 } else { 1 << 24 }
}

impl AddressSet {
    /// The union of networks.
    pub fn new(networks: impl IntoIterator<Item = Network>) -> Self {
        let ranges = networks
            .into_iter()
            .map(|network| (key(network.first()), key(network.last())));
        let all: Vec<(Key, Key)> = ranges.collect();
        let narrow = (!all.iter().all(is_narrow))
            .then(|| merged(all.iter().copied().filter(is_narrow).collect()));
        Self {
            ranges: merged(all),
            narrow,
        }
    }
    /// The union of sets.
    pub fn union(sets: impl IntoIterator<Item = Self>) -> Self {
        let sets: Vec<Self> = sets.into_iter().collect();
        let has_wide = sets.iter().any(|set| set.narrow.is_some());
        let narrow =
            has_wide.then(|| merged(sets.iter().flat_map(|set| set.narrow().ranges).collect()));
        Self {
            ranges: merged(sets.into_iter().flat_map(|set| set.ranges).collect()),
            narrow,
        }
    }

    /// Every address of both families.
    pub fn all() -> Self {
        Self {
            ranges: vec![
                ((false, 0), (false, u32::MAX.into())),
                ((true, 0), (true, u128::MAX)),
            ],
            narrow: Some(Vec::new()),
        }
    }

    /// The addresses that are not in the set.
    #[must_use]
    pub fn complement(&self) -> Self {
        let mut ranges = Vec::new();
        for (whole, last) in Self::all().ranges {
            let mut next = Some(whole.1);
            for (from, to) in self.ranges.iter().filter(|(from, _)| from.0 == whole.0) {
                if let Some(start) = next.filter(|&start| start < from.1) {
                    ranges.push(((whole.0, start), (whole.0, from.1 - 1)));
                }
                next = to.1.checked_add(1).filter(|&next| next <= last.1);
            }
            ranges.extend(next.map(|start| ((whole.0, start), last)));
        }
        let narrow = (!ranges.iter().all(is_narrow))
            .then(|| ranges.iter().copied().filter(is_narrow).collect());
        Self { ranges, narrow }
    }

    /// Whether the set holds no address.
    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// The addresses of those networks that are no wider than /8 (IPv6: /32): what one
    /// organisation may have for its own.
    #[must_use]
    pub fn narrow(&self) -> Self {
        Self {
            ranges: self.narrow.clone().unwrap_or_else(|| self.ranges.clone()),
            narrow: None,
        }
    }

    /// Whether the set was made with a network that is wider.
    pub fn is_wide(&self) -> bool {
        self.narrow.is_some()
    }

    /// Whether the set holds the address.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.holds(key(address))
    }

    fn holds(&self, key: Key) -> bool {
        let after = self.ranges.partition_point(|(first, _)| *first <= key);
        after > 0
            && self
                .ranges
                .get(after - 1)
                .is_some_and(|(_, last)| key <= *last)
    }

    /// The fewest networks that make up the set, in order.
    pub fn networks(&self) -> Vec<Network> {
        let mut networks = Vec::new();
        for &((is_v6, first), (_, last)) in &self.ranges {
            let width: u32 = if is_v6 { 128 } else { 32 };
            let mut next = Some(first);
            while let Some(start) = next.filter(|&start| start <= last) {
                // The largest network that begins here and ends in the range.
                let mut free = start.trailing_zeros().min(width);
                let end =
                    |free: u32| start | 1_u128.checked_shl(free).map_or(u128::MAX, |size| size - 1);
                while end(free) > last {
                    free -= 1;
                }
                let prefix = u8::try_from(width - free).unwrap_or(u8::MAX);
                networks.push(Network::of(address((is_v6, start)), prefix));
                next = end(free).checked_add(1);
            }
        }
        networks
    }

    /// The first and last address of each range, in order.
    pub fn ranges(&self) -> impl Iterator<Item = (IpAddr, IpAddr)> {
        self.ranges
            .iter()
            .map(|(first, last)| (address(*first), address(*last)))
    }
}

/// Ranges in order, with those that touch each other made one.
fn merged(mut all: Vec<(Key, Key)>) -> Vec<(Key, Key)> {
    all.sort_unstable();
    let mut ranges: Vec<(Key, Key)> = Vec::new();
    for (first, last) in all {
        match ranges.last_mut() {
            Some((start, end)) if start.0 == first.0 && first.1 <= end.1.saturating_add(1) => {
                end.1 = end.1.max(last.1);
            }
            _ => ranges.push((first, last)),
        }
    }
    ranges
}

/// The classes that `sets` cut each family into, one representative for each distinct
/// combination of memberships. Where a class holds an address that a stranger on the Internet can
/// have, the representative is one.
pub fn cells(sets: &[&AddressSet]) -> Vec<IpAddr> {
    let mut cells = Vec::new();
    for (is_v6, largest, usual) in [
        (false, u128::from(u32::MAX), USUAL_V4),
        (true, u128::MAX, USUAL_V6),
    ] {
        // Between two neighbouring borders no set changes, so one address speaks for all.
        let mut starts: Vec<u128> = vec![0];
        for (first, last) in sets.iter().flat_map(|set| &set.ranges) {
            if first.0 == is_v6 {
                starts.push(first.1);
                starts.extend(last.1.checked_add(1).filter(|&next| next <= largest));
            }
        }
        // The usual addresses of strangers come first, so that they speak for their class.
        let usual = usual.iter().filter_map(|text| text.parse().ok()).map(key);
        starts.sort_unstable();
        starts.dedup();
        let edges = starts.iter().map(|&bits| (is_v6, bits));
        let ends = starts.iter().skip(1).map(|&next| (is_v6, next - 1));
        let mut seen: HashSet<Vec<bool>> = HashSet::new();
        let candidates: Vec<Key> = usual.chain(edges).chain(ends).collect();
        let (ordinary, special): (Vec<Key>, Vec<Key>) = candidates
            .into_iter()
            .partition(|&k| !special_use(address(k)));
        for candidate in ordinary.into_iter().chain(special) {
            if seen.insert(sets.iter().map(|set| set.holds(candidate)).collect()) {
                cells.push(address(candidate));
            }
        }
    }
    cells
}

/// Addresses that documentation gives to strangers (RFC 5737, RFC 3849), and public ones for when
/// all of those are taken.
const USUAL_V4: &[&str] = &[
    "203.0.113.7",
    "198.51.100.9",
    "192.0.2.77",
    "8.8.8.8",
    "1.1.1.1",
    "130.88.1.1",
];
const USUAL_V6: &[&str] = &[
    "2001:db8:ffff::9",
    "2001:db8::7",
    "3fff::7",
    "2606:4700::1",
    "2a00:1450::1",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn set(networks: &[&str]) -> AddressSet {
        AddressSet::new(networks.iter().map(|text| Network::parse(text).unwrap()))
    }

    #[test]
    fn ranges_are_merged() {
        let set = set(&[
            "10.0.0.0/9",
            "10.128.0.0/9",
            "10.1.0.0/16",
            "::/0",
            "0.0.0.0/32",
        ]);
        let shown: Vec<String> = set.ranges().map(|(a, b)| format!("{a}-{b}")).collect();
        assert_eq!(
            shown,
            [
                "0.0.0.0-0.0.0.0",
                "10.0.0.0-10.255.255.255",
                "::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"
            ]
        );
        assert!(set.contains("10.200.0.1".parse().unwrap()));
        assert!(!set.contains("11.0.0.0".parse().unwrap()));
    }

    #[test]
    fn the_fewest_networks_make_up_a_set() {
        for (given, fewest) in [
            (vec!["10.0.0.0/9", "10.128.0.0/9"], vec!["10.0.0.0/8"]),
            (
                vec!["10.0.0.1/32", "10.0.0.2/31"],
                vec!["10.0.0.1/32", "10.0.0.2/31"],
            ),
            (vec!["0.0.0.0/0", "::/0"], vec!["0.0.0.0/0", "::/0"]),
            (
                vec!["2001:db8::/33", "2001:db8:8000::/33", "::1/128"],
                vec!["::1/128", "2001:db8::/32"],
            ),
        ] {
            let networks = set(&given).networks();
            let shown: Vec<String> = networks.iter().map(ToString::to_string).collect();
            assert_eq!(shown, fewest);
        }
    }

    #[test]
    fn a_complement_is_the_rest() {
        let some = set(&["10.0.0.0/8", "::/1"]);
        let rest = some.complement();
        for (text, inside) in [
            ("9.255.255.255", false),
            ("10.0.0.1", true),
            ("8000::", false),
        ] {
            let address = text.parse().unwrap();
            assert_eq!(
                (some.contains(address), rest.contains(address)),
                (inside, !inside)
            );
        }
        let whole = AddressSet::union([some, rest.clone()]);
        assert!(whole.ranges().eq(AddressSet::all().ranges()));
        assert!(rest.complement().complement().ranges().eq(rest.ranges()));
        let many = (0..600).map(|n| Network::of(Ipv4Addr::from(n << 16).into(), 16));
        assert!(!AddressSet::new(many).is_wide());
        assert!(AddressSet::all().complement().is_empty());
        assert_eq!(AddressSet::default().complement(), AddressSet::all());
        assert!(AddressSet::all().narrow().is_empty());
    }

    #[test]
    fn every_combination_of_memberships_has_one_cell() {
        let (a, b) = (
            set(&["192.0.2.0/24", "2001:db8::/32"]),
            set(&["192.0.2.128/25"]),
        );
        let cells = cells(&[&a, &b]);
        let kinds: Vec<(bool, bool, bool)> = cells
            .iter()
            .map(|&ip| (ip.is_ipv4(), a.contains(ip), b.contains(ip)))
            .collect();
        assert_eq!(kinds.len(), 5, "{cells:?}");
        for kind in [
            (true, false, false),
            (true, true, false),
            (true, true, true),
            (false, true, false),
            (false, false, false),
        ] {
            assert!(kinds.contains(&kind), "{kind:?}");
        }
        assert!(cells.iter().any(|ip| ip.to_string() == "203.0.113.7"));
        assert!(!special_use(cells[3]));
    }
}
