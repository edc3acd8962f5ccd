//! The flags of `gatewright key`, and `key revoke`.

use std::str::FromStr;

use clap::{Args, Subcommand};
use jiff::Timestamp;

use super::{Gateway, Objects};
use crate::output::time;

#[derive(Debug, Subcommand)]
pub(crate) enum Keys {
    #[command(flatten)]
    Object(Box<Objects<KeyFields>>),
    /// End a key at once; it stays in the list
    #[command(after_help = "Example:\n  gatewright key revoke ci")]
    Revoke(Revoke),
}

#[derive(Debug, Args)]
pub(crate) struct KeyFields {
    /// What it may use: the name of an endpoint, `provider/model` or `provider/*`. Repeat it for several; without it,
    /// everything
    #[arg(long = "endpoint", value_name = "NAME")]
    pub(crate) endpoints: Vec<String>,
    /// When it ends: a time from now such as `90d`, a date, or an RFC 3339 time
    #[arg(long, value_name = "WHEN")]
    pub(crate) expires: Option<ExpiryArgument>,
    /// A word that lands on its traces and usage; repeat it for several
    #[arg(long = "tag", value_name = "TAG")]
    pub(crate) tags: Vec<String>,
    /// A field that lands on its traces and usage; repeat it for several
    #[arg(long = "metadata", value_name = "NAME=VALUE")]
    pub(crate) metadata: Vec<Pair>,
    /// What it may do on the admin API, such as `usage:read`; repeat it for several. Such a key belongs to a service,
    /// and sees its project only
    #[arg(long = "permission", value_name = "PERMISSION")]
    pub(crate) permissions: Vec<String>,
    /// What people should know about it
    #[arg(long, value_name = "TEXT")]
    pub(crate) description: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Revoke {
    /// Its name or id
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// The project to look in
    #[arg(long, value_name = "NAME")]
    pub(crate) project: Option<String>,
    /// Do not ask
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// As JSON
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) gateway: Gateway,
}

/// When a key ends, as the file writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ExpiryArgument(pub(crate) String);

impl FromStr for ExpiryArgument {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let refuse = || {
            format!("`{text}` is no time; write one from now such as `90d`, or a date such as `2027-01-31`")
        };
        if let Ok(span) = time::span(text) {
            let end = Timestamp::now().checked_add(span).map_err(|_| refuse())?;
            // To the second: nobody means more, and it reads better.
            let end = Timestamp::from_second(end.as_second()).map_err(|_| refuse())?;
            return Ok(Self(end.to_string()));
        }
        let known = text.parse::<Timestamp>().is_ok() || text.parse::<jiff::civil::Date>().is_ok();
        if known { Ok(Self(text.to_owned())) } else { Err(refuse()) }
    }
}

/// `owner=ann`
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pair {
    pub(crate) name: String,
    pub(crate) value: String,
}

impl FromStr for Pair {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, value) = text.split_once('=').ok_or("write `NAME=VALUE`, such as `owner=ann`")?;
        Ok(Self { name: name.to_owned(), value: value.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_a_span_a_date_or_a_time() {
        let read = |text: &str| text.parse::<ExpiryArgument>().map(|expiry| expiry.0);
        assert_eq!(read("2027-01-31").as_deref(), Ok("2027-01-31"));
        assert_eq!(read("2027-01-31T08:00:00Z").as_deref(), Ok("2027-01-31T08:00:00Z"));
        let in_90_days: Timestamp = read("90d").unwrap().parse().unwrap();
        let seconds = in_90_days.duration_since(Timestamp::now()).as_secs();
        assert!((90 * 86_400 - 5..=90 * 86_400).contains(&seconds), "{seconds}");
        for text in ["", "soon", "90", "2027-13-01", "99999999w"] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
