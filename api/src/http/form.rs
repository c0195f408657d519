//! `GET /consents/{id}/form`: a consent as a page to be printed, read and signed.

use super::plain::{self, HttpRefusal, Operation};
use super::printed::{AskedPage, PrintedPage};
use crate::access::grant::{RequiredScope, Resource};
use crate::consent::form::page::FormPage;
use crate::consent::form::read::subject;
use crate::error::Refusal;
use crate::request::Request;

/// The form of a consent.
pub(super) struct ConsentForm;

impl PrintedPage for ConsentForm {
    const PATH: &'static str = "/consents/{id}/form";
    const READ: Operation = Operation {
        name: "readConsentForm",
        cost: 20,
    };
    const TAKES: RequiredScope = Resource::Consent.read();

    async fn page(request: &Request, id: &str, query: &str) -> Result<FormPage, HttpRefusal> {
        let id = plain::id(id)?;
        let asked = AskedPage::read(query)?;
        let subject = subject(request, id).await?;
        let subject = subject.ok_or_else(HttpRefusal::not_found)?;
        let own = || subject.consent.language.clone();
        let language = asked.language.unwrap_or_else(own);
        let page = subject.page(&language, asked.paper);
        Ok(page.map_err(Refusal::internal)?)
    }
}
