//! Page tokens: a vendor's cursor, sealed for the client.
//!
//! A token goes to someone else's API under someone else's credentials, so it is signed, and bound
//! to the account, the list and the page size. It holds no state of this process: any replica on the
//! same database opens it.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret as _, SecretBox};

use crate::desk::{DEFAULT_PAGE_SIZE, ListRequest, MAX_PAGE_SIZE};
use crate::error::{Error, Result};
use crate::model::id::{AccountId, TicketId};
use crate::model::page::Cursor;
use crate::provider::error::ProviderError;
use crate::store::applications::ApplicationId;

/// Version of what is inside a token.
const VERSION: u8 = 2;
/// Bytes of the signature that are kept.
const SIGNATURE: usize = 16;
/// Longest token that is made or opened, in characters.
const MAX_TOKEN: usize = 512;

/// The list that a token belongs to.
#[derive(Debug, Clone, Copy)]
pub enum Scope<'a> {
    /// The accounts of an application.
    Accounts(&'a ApplicationId),
    /// The audit log of an application.
    Audit(&'a ApplicationId),
    /// All tickets of an account.
    Tickets(AccountId),
    /// The comments of one ticket of an account.
    Comments(AccountId, &'a TicketId),
}

/// Seals and opens page tokens.
pub struct PageTokens {
    /// Signs.
    key: hmac::Key,
}

/// What a token says, or what the request for a first page does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Objects on a page.
    pub size: u16,
    /// Whether the list is one of the changes since an earlier walk.
    pub is_sync: bool,
    /// The parameters of the list, as text.
    pub parameters: String,
    /// Where the page begins. None for the first one.
    pub at: Option<Cursor>,
}

impl PageTokens {
    /// Signs with this key.
    pub fn new(key: &SecretBox<[u8; 32]>) -> Self {
        Self {
            key: hmac::Key::new(hmac::HMAC_SHA256, key.expose_secret()),
        }
    }

    /// Seals a place.
    pub fn seal(&self, scope: &Scope<'_>, place: &Place) -> Result<String> {
        let Place {
            size,
            is_sync,
            parameters,
            at,
        } = place;
        let too_long = |length: usize| {
            Error::Internal(format!("a page token would have {length} bytes").into())
        };
        let mut payload = vec![VERSION, u8::from(*is_sync)];
        payload.extend_from_slice(&size.to_be_bytes());
        payload.push(u8::try_from(parameters.len()).map_err(|_| too_long(parameters.len()))?);
        payload.extend_from_slice(parameters.as_bytes());
        payload.extend_from_slice(
            at.as_ref()
                .map(|cursor| cursor.0.as_bytes())
                .unwrap_or_default(),
        );
        let signature = hmac::sign(&self.key, &signed(scope, &payload));
        payload.extend(signature.as_ref().iter().take(SIGNATURE));
        let token = URL_SAFE_NO_PAD.encode(payload);
        if token.len() > MAX_TOKEN {
            // All but the help desk's own cursor is short.
            return Err(ProviderError::malformed("where its list goes on").into());
        }
        Ok(token)
    }

    /// Says what to read: the place of a token, or the first page.
    ///
    /// A page size beside a token must be the token's, or be left out.
    pub fn open(&self, scope: &Scope<'_>, request: &ListRequest) -> Result<Place> {
        let size = request.page_size;
        if size.is_some_and(|size| !(1..=MAX_PAGE_SIZE).contains(&size)) {
            return Err(Error::BadRequest(format!(
                "page_size must be 1 to {MAX_PAGE_SIZE}"
            )));
        }
        let token = match request.page.as_deref() {
            None | Some("1") => {
                let size = size.unwrap_or(DEFAULT_PAGE_SIZE);
                return Ok(Place {
                    size,
                    is_sync: false,
                    parameters: String::new(),
                    at: None,
                });
            }
            Some(token) => token,
        };
        let place = self.unseal(scope, token).ok_or_else(|| {
            Error::BadRequest(
                "page is not a page of this list: take the value of next_page as it was given"
                    .into(),
            )
        })?;
        // The changes since a walk may be read in pages of another size than the walk's.
        let sealed_size = place.size;
        match size.filter(|size| *size != sealed_size) {
            None => Ok(place),
            Some(size) if place.is_sync => Ok(Place { size, ..place }),
            Some(_) => Err(Error::BadRequest(format!(
                "page_size is {sealed_size} for this page: leave it out, or begin anew without page"
            ))),
        }
    }

    /// Opens a token that was sealed for this list.
    fn unseal(&self, scope: &Scope<'_>, token: &str) -> Option<Place> {
        if token.len() > MAX_TOKEN {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
        let (payload, signature) = bytes.split_at_checked(bytes.len().checked_sub(SIGNATURE)?)?;
        let expected = hmac::sign(&self.key, &signed(scope, payload));
        let expected = expected.as_ref().get(..SIGNATURE)?;
        aws_lc_rs::constant_time::verify_slices_are_equal(expected, signature).ok()?;
        let [VERSION, is_sync, high, low, length, rest @ ..] = payload else {
            return None;
        };
        let (parameters, cursor) = rest.split_at_checked(usize::from(*length))?;
        Some(Place {
            size: u16::from_be_bytes([*high, *low]),
            is_sync: *is_sync == 1,
            parameters: String::from_utf8(parameters.to_vec()).ok()?,
            at: Some(Cursor(String::from_utf8(cursor.to_vec()).ok()?)),
        })
    }
}

/// What is signed: the list and the payload, so that nothing but the same list opens the token.
fn signed(scope: &Scope<'_>, payload: &[u8]) -> Vec<u8> {
    let list = match scope {
        Scope::Accounts(application) => format!("{application}/accounts/"),
        Scope::Audit(application) => format!("{application}/audit/"),
        Scope::Tickets(account) => format!("{account}/tickets/"),
        Scope::Comments(account, ticket) => format!("{account}/{ticket}/comments/"),
    };
    let mut signed = list.into_bytes();
    signed.extend_from_slice(payload);
    signed
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn tokens(key: u8) -> PageTokens {
        PageTokens::new(&SecretBox::new(Box::new([key; 32])))
    }

    fn account(number: u64) -> AccountId {
        AccountId::new(number).unwrap()
    }

    fn page(token: &str) -> ListRequest {
        ListRequest {
            page: Some(token.into()),
            ..ListRequest::default()
        }
    }

    fn place(size: u16, parameters: &str, cursor: &str) -> Place {
        Place {
            size,
            is_sync: false,
            parameters: parameters.into(),
            at: Some(Cursor(cursor.into())),
        }
    }

    proptest! {
        #[test]
        fn a_token_opens_what_it_sealed(cursor in "[ -~]{0,80}", parameters in "[ -~]{0,200}", size in 1..=MAX_PAGE_SIZE, is_sync: bool) {
            let sealed = Place { is_sync, ..place(size, &parameters, &cursor) };
            let token = tokens(1).seal(&Scope::Tickets(account(7)), &sealed).unwrap();

            let opened = tokens(1).open(&Scope::Tickets(account(7)), &page(&token)).unwrap();

            prop_assert!(token.len() <= MAX_TOKEN);
            prop_assert!(token.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'));
            prop_assert_eq!(opened, sealed);
        }

        #[test]
        fn a_changed_bit_is_refused(at in 0_usize..1000) {
            let sealed = place(100, "status=open", "0.0.1598341831-12");
            let token = tokens(1).seal(&Scope::Tickets(account(7)), &sealed).unwrap();
            let mut bytes = URL_SAFE_NO_PAD.decode(&token).unwrap();
            let bit = at % (bytes.len() * 8);
            bytes[bit / 8] ^= 1 << (bit % 8);

            let opened = tokens(1).open(&Scope::Tickets(account(7)), &page(&URL_SAFE_NO_PAD.encode(bytes)));

            prop_assert!(matches!(opened, Err(Error::BadRequest(_))));
        }
    }

    #[test]
    fn a_token_belongs_to_its_account_its_list_its_size_and_its_key() {
        let ticket = TicketId::from_upstream("1");
        let other = TicketId::from_upstream("2");
        let token = tokens(1)
            .seal(&Scope::Comments(account(7), &ticket), &place(50, "", "2"))
            .unwrap();
        let open = |key, scope: Scope<'_>, page_size| {
            tokens(key)
                .open(
                    &scope,
                    &ListRequest {
                        page_size,
                        ..page(&token)
                    },
                )
                .is_ok()
        };

        assert!(open(1, Scope::Comments(account(7), &ticket), None));
        assert!(open(1, Scope::Comments(account(7), &ticket), Some(50)));
        assert!(!open(1, Scope::Comments(account(7), &ticket), Some(51)));
        assert!(!open(1, Scope::Comments(account(7), &other), None));
        assert!(!open(1, Scope::Tickets(account(7)), None));
        assert!(!open(1, Scope::Comments(account(8), &ticket), None));
        assert!(!open(2, Scope::Comments(account(7), &ticket), None));
    }

    #[test]
    fn anything_else_is_a_bad_request() {
        for token in [
            "",
            "2",
            "0",
            "-1",
            "1 ",
            "AAAA",
            "=",
            "💥",
            &"A".repeat(513),
            &"A".repeat(100_000),
        ] {
            let opened = tokens(1).open(&Scope::Tickets(account(7)), &page(token));
            assert!(matches!(opened, Err(Error::BadRequest(_))), "{token:.20}");
        }
    }
}
