//! Money as whole numbers. A price of $0.0375 per million tokens is no whole number of nano-dollars per token, so the
//! unit is the pico-dollar; there is no float anywhere in a sum.

use std::fmt;
use std::iter::Sum;
use std::ops::Add;

use serde::{Deserialize, Serialize};

/// An amount in 10⁻¹² US dollars.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PicoUsd(pub i128);

impl PicoUsd {
    pub const ZERO: Self = Self(0);
    pub const PER_USD: i128 = 1_000_000_000_000;

    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }
}

impl Add for PicoUsd {
    type Output = Self;

    /// Saturates. An i128 of pico-dollars holds 10²⁶ dollars; a sum that reaches the rim is a defect upstream, and
    /// a saturated total is visibly wrong where a wrapped one looks plausible.
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sum for PicoUsd {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}

impl fmt::Display for PicoUsd {
    /// Dollars in plain decimal notation, without trailing zeros: `0.0000375`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let amount = self.0.unsigned_abs();
        let per_usd = Self::PER_USD.unsigned_abs();
        let (whole, fraction) = (amount / per_usd, amount % per_usd);
        if fraction == 0 {
            return write!(f, "{sign}{whole}");
        }
        let digits = format!("{fraction:012}");
        write!(f, "{sign}{whole}.{}", digits.trim_end_matches('0'))
    }
}

/// A price in pico-dollars per million units (tokens), which is what vendors publish: USD per million tokens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UnitPrice(pub i128);

impl UnitPrice {
    /// Reads a decimal number of USD per million units, such as `0.0375`. At most 12 decimals; no sign, no exponent.
    pub fn parse(text: &str) -> Option<Self> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        if (whole.is_empty() && fraction.is_empty()) || !digits(whole) || !digits(fraction) {
            return None;
        }
        if whole.len() > 9 || fraction.len() > 12 {
            return None;
        }
        let whole: i128 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
        let fraction: i128 = format!("{fraction:0<12}").parse().ok()?;
        Some(Self(whole * PicoUsd::PER_USD + fraction))
    }

    /// What `units` cost: one rounding, half up.
    pub fn cost(self, units: u64) -> PicoUsd {
        let millionths = self.0.saturating_mul(i128::from(units));
        PicoUsd(millionths.saturating_add(500_000) / 1_000_000)
    }
}

impl fmt::Display for UnitPrice {
    /// USD per million units.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        PicoUsd(self.0).fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_price_per_million_is_exact_per_token() {
        let price = UnitPrice::parse("0.0375").unwrap();
        assert_eq!(price.cost(1), PicoUsd(37_500));
        assert_eq!(price.cost(1_000_000).to_string(), "0.0375");
    }

    #[test]
    fn half_a_pico_dollar_rounds_up_once() {
        let price = UnitPrice::parse("0.0000005").unwrap();
        assert_eq!(price.cost(1), PicoUsd(1));
        assert_eq!(price.cost(3), PicoUsd(2));
    }

    #[test]
    fn odd_prices_are_refused() {
        for text in ["", ".", "-1", "1e3", "1,5", "NaN", "0.1234567890123", "1234567890"] {
            assert_eq!(UnitPrice::parse(text), None, "{text}");
        }
    }

    #[test]
    fn dollars_print_without_trailing_zeros() {
        assert_eq!(PicoUsd(-1_500_000_000_000).to_string(), "-1.5");
        assert_eq!(PicoUsd(0).to_string(), "0");
    }

    proptest! {
        #[test]
        fn printing_a_price_reads_back(whole in 0_u32..1_000_000, fraction in 0_u64..1_000_000_000_000) {
            let price = UnitPrice(i128::from(whole) * PicoUsd::PER_USD + i128::from(fraction));
            prop_assert_eq!(UnitPrice::parse(&price.to_string()), Some(price));
        }
    }
}
