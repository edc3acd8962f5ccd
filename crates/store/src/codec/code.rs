//! The numbers under which closed sets of the domain are stored. They are written down here, apart from the order of
//! the variants, because a journal or a trace outlives the version that wrote it: a number is never given twice.

use domain::{
    Api, CaptureMode, CostSource, Dialect, EndReason, ErrorKind, Outcome, RelayMode, UsageSource, Verdict,
};

/// A value of a closed set that is stored as a small number.
pub(crate) trait Code: Sized {
    fn code(self) -> u8;

    /// `None` for a number that a newer version gave out.
    fn from_code(code: u8) -> Option<Self>;
}

macro_rules! codes {
    ($name:ident { $($variant:ident = $code:literal),+ $(,)? }) => {
        impl Code for $name {
            fn code(self) -> u8 {
                match self {
                    $(Self::$variant => $code),+
                }
            }

            fn from_code(code: u8) -> Option<Self> {
                match code {
                    $($code => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }
    };
}

codes!(Api { Chat = 1, Embeddings = 2, CountTokens = 3 });
codes!(Dialect { OpenaiChat = 1, AnthropicMessages = 2 });
codes!(RelayMode { Raw = 1, Edit = 2, Translate = 3 });
codes!(UsageSource { Reported = 1, Estimated = 2, None = 3 });
codes!(CostSource { Catalogue = 1, Configured = 2, Estimated = 3, Unknown = 4 });
codes!(Verdict { Refused = 1, Blocked = 2, Masked = 3, Flagged = 4, ToolAllowed = 5, ToolDenied = 6 });
codes!(CaptureMode { Full = 1, Redacted = 2, Metadata = 3, None = 4 });
codes!(EndReason {
    Complete = 1,
    ProviderStatus = 2,
    Connect = 3,
    Deadline = 4,
    BrokenReply = 5,
    ClientGone = 6,
    NotExpressible = 7,
    Shutdown = 8,
    Defect = 9,
});
codes!(ErrorKind {
    InvalidRequest = 10,
    InvalidKey = 11,
    ModelNotAllowed = 12,
    PriceUnknown = 13,
    UnknownModel = 14,
    NotFound = 15,
    MethodNotAllowed = 16,
    BodyTooLarge = 17,
    UnsupportedMediaType = 18,
    RequestTimeout = 19,
    GuardrailBlocked = 20,
    RateLimited = 21,
    BudgetExceeded = 22,
    Overloaded = 23,
    ProviderError = 24,
    ProviderRejected = 25,
    ProviderAuth = 26,
    ProviderRateLimited = 27,
    ProviderOverloaded = 28,
    ProviderTimeout = 29,
    Internal = 30,
});

const SUCCEEDED: u8 = 1;
const CANCELLED: u8 = 2;

/// Success and cancellation lie below the numbers of the error kinds, so that one number says it all.
impl Code for Outcome {
    fn code(self) -> u8 {
        match self {
            Self::Succeeded => SUCCEEDED,
            Self::Cancelled => CANCELLED,
            Self::Failed(kind) => Code::code(kind),
        }
    }

    fn from_code(code: u8) -> Option<Self> {
        match code {
            SUCCEEDED => Some(Self::Succeeded),
            CANCELLED => Some(Self::Cancelled),
            kind => ErrorKind::from_code(kind).map(Self::Failed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_outcome_reads_back() {
        let failures = ErrorKind::ALL.into_iter().map(Outcome::Failed);
        for outcome in [Outcome::Succeeded, Outcome::Cancelled].into_iter().chain(failures) {
            assert_eq!(Outcome::from_code(outcome.code()), Some(outcome));
        }
    }

    #[test]
    fn a_number_from_the_future_is_nothing() {
        assert_eq!(Outcome::from_code(0), None);
        assert_eq!(Outcome::from_code(255), None);
        assert_eq!(Api::from_code(0), None);
    }
}
