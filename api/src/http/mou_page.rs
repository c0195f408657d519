//! `GET /mous/{id}/page`: an MOU as a page to be printed, discussed and signed.

use super::plain::{self, HttpRefusal, Operation};
use super::printed::{AskedPage, PrintedPage};
use crate::access::grant::{RequiredScope, Resource};
use crate::consent::form::page::FormPage;
use crate::error::Refusal;
use crate::mou::page::read::printed;
use crate::request::Request;

/// The page of an MOU.
pub(super) struct MouPage;

impl PrintedPage for MouPage {
    const PATH: &'static str = "/mous/{id}/page";
    const READ: Operation = Operation {
        name: "readMouPage",
        cost: 20,
    };
    const TAKES: RequiredScope = Resource::Mou.read();

    async fn page(request: &Request, id: &str, query: &str) -> Result<FormPage, HttpRefusal> {
        let id = plain::id(id)?;
        let asked = AskedPage::read(query)?;
        let printed = printed(request, id).await?;
        let printed = printed.ok_or_else(HttpRefusal::not_found)?;
        let language = asked.language.as_deref().unwrap_or("en");
        let page = printed.page(language, asked.paper);
        Ok(page.map_err(Refusal::internal)?)
    }
}
