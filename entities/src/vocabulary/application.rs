//! How a program proves what it is.

use crate::code::codes;

codes! {
    /// How an application proves that it is the one that was registered.
    ClientAuthentication {
        /// By an assertion signed with its own key (RFC 7523).
        PrivateKeyJwt = "PRIVATE_KEY_JWT",
        /// By a secret, sent as HTTP Basic (RFC 6749, 2.3.1).
        ClientSecretBasic = "CLIENT_SECRET_BASIC",
    }
}
