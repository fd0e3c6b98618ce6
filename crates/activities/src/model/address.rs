//! Addresses of the network, as much of them as is kept.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::IpPolicy;

/// What is kept of an address: by default the network of 24 bits, or of 48 with version 6, which is a town and no house.
pub fn cut_off(address: IpAddr, policy: IpPolicy) -> Option<IpAddr> {
    let address = address.to_canonical();
    match policy {
        IpPolicy::None => None,
        IpPolicy::Full => Some(address),
        IpPolicy::Truncated => Some(match address {
            IpAddr::V4(address) => Ipv4Addr::from(u32::from(address) & 0xffff_ff00).into(),
            IpAddr::V6(address) => Ipv6Addr::from(u128::from(address) >> 80 << 80).into(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_cut_off_as_the_policy_says() {
        let cut = |text: &str, policy| {
            cut_off(text.parse().unwrap(), policy).map_or_else(String::new, |address| address.to_string())
        };
        assert_eq!(cut("203.0.113.77", IpPolicy::Truncated), "203.0.113.0");
        assert_eq!(cut("::ffff:203.0.113.77", IpPolicy::Truncated), "203.0.113.0");
        assert_eq!(cut("2001:db8:1:2:3:4:5:6", IpPolicy::Truncated), "2001:db8:1::");
        assert_eq!(
            cut("2001:db8:1:2:3:4:5:6", IpPolicy::Full),
            "2001:db8:1:2:3:4:5:6"
        );
        assert_eq!(cut("203.0.113.77", IpPolicy::None), "");
    }
}
