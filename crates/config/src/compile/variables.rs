//! What variables say about the server where the file says nothing: images and units, whose file may not be there or
//! not be theirs to write, are set up by them.

use std::net::SocketAddr;
use std::time::Duration;

use vault::Environment;

use crate::diagnostic::{At, Findings};
use crate::schema::server::Anonymous;
use crate::schema::value::{PublicUrl, Time};

pub(super) struct Variables<'a> {
    pub(super) environment: &'a Environment,
}

impl Variables<'_> {
    pub(super) fn listen(&self, findings: &mut Findings) -> Option<SocketAddr> {
        let form = "an IP address and a port, such as `127.0.0.1:4242`";
        self.read("GATEWRIGHT_LISTEN", form, |text| text.parse().ok(), findings)
    }

    pub(super) fn anonymous(&self, findings: &mut Findings) -> Option<Anonymous> {
        let parse = |text: &str| match text {
            "loopback" => Some(Anonymous::Loopback),
            "never" => Some(Anonymous::Never),
            "always" => Some(Anonymous::Always),
            _ => None,
        };
        self.read("GATEWRIGHT_ANONYMOUS", "`loopback`, `never` or `always`", parse, findings)
    }

    pub(super) fn public_url(&self, findings: &mut Findings) -> Option<PublicUrl> {
        let form = "an http or https URL without a login";
        self.read("GATEWRIGHT_PUBLIC_URL", form, PublicUrl::parse, findings)
    }

    pub(super) fn insecure_http(&self, findings: &mut Findings) -> Option<bool> {
        let parse = |text: &str| match text {
            "true" | "on" => Some(true),
            "false" | "off" => Some(false),
            _ => None,
        };
        self.read("GATEWRIGHT_INSECURE_HTTP", "`true` or `false`", parse, findings)
    }

    pub(super) fn lame_duck(&self, findings: &mut Findings) -> Option<Duration> {
        let parse = |text: &str| Time::<0>::parse(text).map(|time| time.0);
        self.read("GATEWRIGHT_LAME_DUCK", "a duration such as `5s`", parse, findings)
    }

    /// One that is wrong is an error and not ignored: whoever set it believes that it counts.
    fn read<T>(
        &self,
        name: &str,
        form: &str,
        parse: impl FnOnce(&str) -> Option<T>,
        findings: &mut Findings,
    ) -> Option<T> {
        let text = self.environment.non_empty(name)?;
        let value = parse(text.trim());
        if value.is_none() {
            let message = format!("the variable `{name}` is not {form}");
            findings.error_with(&At::default(), message, "correct it or unset it");
        }
        value
    }
}
