//! `credentials:`

use super::auth::Auth;
use super::value::{Attempt, BaseUrl, Name, Prose, Time, Whole};
use super::{Located, SecretText};

section! {
    /// A way into one provider.
    Credential is "a credential", later ["region"];
    /// How targets refer to it.
    required name: Located<Name>;
    /// The project that it belongs to; what is in the project `default` is everybody's.
    default project: Located<Name> = Name::of_default_project();
    /// What people should know about it.
    optional description: Prose;
    /// A provider of the built-in catalogue or of `providers`.
    required provider: Located<Name>;
    /// The secret that the provider issued.
    optional api_key: Attempt<Located<SecretText>>;
    /// What the vendor's SDK takes as base URL, where it is not the provider's own. Private addresses are allowed.
    optional base_url: Attempt<Located<BaseUrl>>;
    /// How the key is sent: `bearer`, `x-api-key`, `none`, or in a header or query parameter of another name. Unless
    /// written, as the provider wants it.
    optional auth: Attempt<Located<Auth>>;
    /// For the provider `simulator`: how long replies take.
    optional latency: Located<Latency>;
    /// For the provider `simulator`: which calls fail.
    optional failures: Located<Failures>;
}

section! {
    /// How long the simulator takes.
    Latency is "`latency`", later [];
    /// Before the first token.
    default first_token: Time<0> = Time::millis(0);
    /// Between two tokens of a stream.
    default between: Time<0> = Time::millis(0);
}

section! {
    /// Which calls the simulator lets fail.
    Failures is "`failures`", later [];
    /// Every how many calls one fails, counted over the whole process.
    required every: Whole<1, 1_000_000>;
    /// With which HTTP status.
    default status: Whole<400, 599> = Whole(503);
}
