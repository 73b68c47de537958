//! The master key: the one secret that is not in the database, and the key that is derived from it.
//!
//! While one replaces another there are two: the first seals, both open.

use std::fmt;

use aws_lc_rs::{digest, hkdf, rand};
use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use secrecy::{ExposeSecret, SecretBox, SecretString, zeroize::Zeroizing};

/// Bytes of a master key and of every key derived from it.
const KEY_BYTES: usize = 32;

/// Base64 as `openssl rand -base64 32` writes it; a lost `=` at the end is forgiven.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The key that everything sealed depends on. Wiped from memory when dropped.
pub struct MasterKey(SecretBox<[u8; KEY_BYTES]>);

/// The master key that seals, and former ones that still open.
#[derive(Debug)]
pub struct MasterKeys {
    /// Seals, and opens.
    current: MasterKey,
    /// Open.
    former: Vec<MasterKey>,
}

impl MasterKeys {
    /// Reads keys in base64, divided by white space: the first seals.
    pub fn from_base64(text: &str) -> Result<Self, MasterKeyError> {
        let mut keys = text.split_ascii_whitespace().map(MasterKey::from_base64);
        let current = keys.next().unwrap_or(Err(MasterKeyError::NotBase64))?;
        let former = keys.collect::<Result<_, _>>()?;
        Ok(Self { current, former })
    }

    /// Every one, the current one first.
    pub(super) fn iter(&self) -> impl Iterator<Item = &MasterKey> {
        std::iter::once(&self.current).chain(&self.former)
    }
}

impl From<MasterKey> for MasterKeys {
    fn from(current: MasterKey) -> Self {
        let former = Vec::new();
        Self { current, former }
    }
}

/// Why a text is not a master key. It does not repeat the text.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum MasterKeyError {
    /// Something that is not base64.
    #[error("the master key must be 32 bytes in base64")]
    NotBase64,
    /// Base64 of too few or too many bytes.
    #[error("the master key must be 32 bytes in base64, not {0} bytes")]
    WrongLength(usize),
}

impl MasterKey {
    /// Reads a key from base64; white space around it is ignored, since keys come from files.
    pub fn from_base64(text: &str) -> Result<Self, MasterKeyError> {
        let decoded = BASE64
            .decode(text.trim())
            .map_err(|_| MasterKeyError::NotBase64)?;
        let decoded = Zeroizing::new(decoded);

        let mut key = Box::new([0; KEY_BYTES]);
        if decoded.len() != key.len() {
            return Err(MasterKeyError::WrongLength(decoded.len()));
        }
        key.copy_from_slice(&decoded);
        Ok(Self(SecretBox::new(key)))
    }

    /// Makes a new random key.
    ///
    /// Panics when the operating system has no randomness to give: nothing here is safe then.
    #[expect(
        clippy::expect_used,
        reason = "aws-lc fails here only when the system's random source is broken"
    )]
    pub fn generate() -> Self {
        let mut key = Box::new([0; KEY_BYTES]);
        rand::fill(key.as_mut_slice()).expect("the system gives random bytes");
        Self(SecretBox::new(key))
    }

    /// Writes the key as [`MasterKey::from_base64`] reads it.
    pub fn to_base64(&self) -> SecretString {
        SecretString::from(BASE64.encode(self.0.expose_secret()))
    }

    /// Names the key without revealing it: the first 8 hexadecimal digits of a hash of it.
    ///
    /// The key has 256 random bits, so 32 bits of a hash of it help nobody to guess it.
    pub(super) fn id(&self) -> String {
        let mut context = digest::Context::new(&digest::SHA256);
        context.update(b"deskgate master key id");
        context.update(self.0.expose_secret());
        let hash = hex(context.finish().as_ref());
        hash.chars().take(8).collect()
    }

    /// Derives the key that seals by HKDF-SHA256 (RFC 5869).
    #[expect(
        clippy::expect_used,
        reason = "HKDF fails only for outputs over 255 hashes long; this one is a single hash"
    )]
    pub(super) fn sealing_key(&self) -> SecretBox<[u8; KEY_BYTES]> {
        let mut key = Box::new([0; KEY_BYTES]);
        hkdf::Salt::new(hkdf::HKDF_SHA256, b"deskgate")
            .extract(self.0.expose_secret())
            .expand(&[b"credentials"], hkdf::HKDF_SHA256)
            .and_then(|okm| okm.fill(key.as_mut_slice()))
            .expect("one hash of output is always possible");
        SecretBox::new(key)
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("MasterKey([REDACTED])")
    }
}

/// Writes bytes as lower-case hexadecimal.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        for half in [byte >> 4, byte & 15] {
            text.extend(char::from_digit(half.into(), 16));
        }
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_survives_base64_and_white_space() {
        let key = MasterKey::generate();

        let text = format!(" {}\n", key.to_base64().expose_secret());
        let unpadded = text.replace('=', "");

        assert_eq!(MasterKey::from_base64(&text).unwrap().id(), key.id());
        assert_eq!(MasterKey::from_base64(&unpadded).unwrap().id(), key.id());
    }

    #[test]
    fn what_is_not_32_bytes_of_base64_is_refused_without_being_repeated() {
        let short = MasterKey::from_base64("c2hvcnQ=").unwrap_err();
        let garbage = MasterKey::from_base64("not base64: canary").unwrap_err();

        assert_eq!(short, MasterKeyError::WrongLength(5));
        assert_eq!(garbage, MasterKeyError::NotBase64);
        assert!(!format!("{garbage}{garbage:?}").contains("canary"));
    }

    #[test]
    fn the_first_of_several_keys_is_the_current_one() {
        let keys = [MasterKey::generate(), MasterKey::generate()];
        let text = keys.each_ref().map(MasterKey::to_base64);
        let text = text.each_ref().map(ExposeSecret::expose_secret);

        let read = MasterKeys::from_base64(&text.join("\n")).unwrap();

        let ids: Vec<_> = read.iter().map(MasterKey::id).collect();
        assert_eq!(ids, keys.map(|key| key.id()));
        assert!(MasterKeys::from_base64(" ").is_err());
    }

    #[test]
    fn a_master_key_does_not_print_itself() {
        let key = MasterKey::generate();

        assert_eq!(format!("{key:?}"), "MasterKey([REDACTED])");
    }

    /// Computed with another implementation, so that a database outlives a change of library:
    /// `openssl kdf -keylen 32 -kdfopt digest:SHA256 -kdfopt hexkey:00…00 -kdfopt salt:deskgate
    /// -kdfopt info:credentials HKDF`.
    #[test]
    fn the_derived_key_is_that_of_rfc_5869() {
        let key = MasterKey(SecretBox::new(Box::new([0; KEY_BYTES])));

        let derived = hex(key.sealing_key().expose_secret());

        insta::assert_snapshot!(derived, @"b0e3354e328ad46362f8d6803d69242ef6dd2544bfef9c1549f66a8c0a3d71c1");
        assert_eq!(key.id(), "5e32f12a");
    }
}
