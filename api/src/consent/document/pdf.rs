//! Whether a PDF shows pages and does nothing else. Pure.
//!
//! What a PDF holds depends on who reads it: which revision counts, which table of objects, what is repaired. So every object
//! is looked at, wherever in the file one may begin, in streams of objects too (ISO 32000-1, 7.5.7). A library that reads
//! PDFs finds one reading of a file, and inflates streams without a limit.

use miniz_oxide::inflate::decompress_to_vec_zlib_with_limit;

use super::fault::DocumentError;

/// How much all streams of objects may hold, in bytes.
const INFLATED: usize = 16 * 1024 * 1024;

/// Checks that nothing in a PDF acts by itself or hides another file.
///
/// # Errors
/// [`DocumentError`]: the first such thing, or what cannot be looked into.
pub(super) fn check(bytes: &[u8]) -> Result<(), DocumentError> {
    let mut search = Search {
        // Every object once, and its header; those who nest more of them in one another hide something.
        left: 4 * bytes.len() + 4096,
        inflated: 0,
        opens: false,
        links: false,
    };
    for begin in beginnings(bytes) {
        search.object(bytes, begin)?;
    }
    if search.opens && search.links {
        return Err(DocumentError::Action);
    }
    Ok(())
}

/// Returns where an object or a trailer may begin.
fn beginnings(bytes: &[u8]) -> impl Iterator<Item = usize> {
    let after = move |word: &'static [u8]| {
        let places = bytes.windows(word.len()).enumerate();
        places.filter_map(move |(place, part)| (part == word).then_some(place + word.len()))
    };
    after(b"obj").chain(after(b"trailer"))
}

/// What was found so far, and how much more may be read.
struct Search {
    left: usize,
    inflated: usize,
    /// Something other than a page is opened with the document.
    opens: bool,
    /// There are links to the web.
    links: bool,
}

/// What a dictionary says of the stream behind it.
#[derive(Default)]
struct Stream {
    is_of_objects: bool,
    count: Option<Number>,
    first: Option<Number>,
    filters: Vec<Vec<u8>>,
    /// It is packed in a way that is not read here.
    is_odd: bool,
}

/// A number where one is needed.
#[derive(Clone, Copy)]
enum Number {
    Said(usize),
    /// Said elsewhere, or no number.
    Elsewhere,
}

impl Search {
    /// Looks at the value that begins here, and at the objects in the stream behind it.
    fn object(&mut self, bytes: &[u8], begin: usize) -> Result<(), DocumentError> {
        let mut reader = PdfReader { bytes, at: begin };
        let stream = self.value(&mut reader)?;
        self.spend(reader.at.saturating_sub(begin))?;
        let holds = stream.is_of_objects || (stream.count.is_some() && stream.first.is_some());
        if !holds || reader.token() != Some(Token::Word(b"stream")) {
            return Ok(());
        }
        let rest = bytes.get(reader.at..).unwrap_or_default();
        let data = rest.strip_prefix(b"\r").unwrap_or(rest);
        let data = data.strip_prefix(b"\n").unwrap_or(data);
        let (Some(Number::Said(count)), Some(Number::Said(first)), false) =
            (stream.count, stream.first, stream.is_odd)
        else {
            return Err(DocumentError::Unreadable);
        };
        match stream.filters.as_slice() {
            [] => self.packed(data, count, first),
            [filter] if matches!(filter.as_slice(), b"FlateDecode" | b"Fl") => {
                let most = INFLATED.saturating_sub(self.inflated);
                let content = decompress_to_vec_zlib_with_limit(data, most)
                    .map_err(|_| DocumentError::Unreadable)?;
                self.inflated += content.len();
                self.left += 4 * content.len();
                self.packed(&content, count, first)
            }
            _ => Err(DocumentError::Unreadable),
        }
    }

    /// Looks at the objects that a stream holds: after `count` pairs of a number and a place, each at its place from `first`.
    fn packed(&mut self, content: &[u8], count: usize, first: usize) -> Result<(), DocumentError> {
        let mut header = PdfReader {
            bytes: content,
            at: 0,
        };
        for _ in 0..count {
            let (Some(_), Some(place)) = (header.number(), header.number()) else {
                return Err(DocumentError::Unreadable);
            };
            let at = first.saturating_add(place);
            let mut reader = PdfReader { bytes: content, at };
            self.value(&mut reader)?;
            self.spend(reader.at.saturating_sub(at).saturating_add(1))?;
        }
        Ok(())
    }

    fn spend(&mut self, read: usize) -> Result<(), DocumentError> {
        let left = self.left.checked_sub(read);
        self.left = left.ok_or(DocumentError::Unreadable)?;
        Ok(())
    }

    /// Reads one value, and judges each name in it.
    fn value(&mut self, reader: &mut PdfReader<'_>) -> Result<Stream, DocumentError> {
        let mut stream = Stream::default();
        let mut depth = 0_usize;
        while let Some(token) = reader.token() {
            match token {
                Token::Open | Token::List => depth += 1,
                Token::Close => depth = depth.saturating_sub(1),
                Token::Name(name) => {
                    self.judge(&name, *reader)?;
                    if depth == 1 {
                        stream.learn(&name, *reader);
                    }
                }
                Token::Word(_) | Token::Text => {}
            }
            if depth == 0 {
                break;
            }
        }
        Ok(stream)
    }

    /// Judges a name, wherever it stands: what it is the name of may stand elsewhere. `rest` is what follows.
    fn judge(&mut self, name: &[u8], mut rest: PdfReader<'_>) -> Result<(), DocumentError> {
        match name {
            b"Encrypt" => Err(DocumentError::Encrypted),
            b"JS" | b"JavaScript" => Err(DocumentError::Script),
            b"AA" | b"GoToE" | b"GoToR" | b"ImportData" | b"Launch" | b"SubmitForm" => {
                Err(DocumentError::Action)
            }
            b"EF" | b"EmbeddedFile" | b"EmbeddedFiles" | b"FileAttachment" => {
                Err(DocumentError::EmbeddedFile)
            }
            b"XFA" => Err(DocumentError::Form),
            b"3D" | b"Movie" | b"Rendition" | b"RichMedia" | b"Sound" => Err(DocumentError::Media),
            // A place in the document is a list; anything else may be an action, and the only one left that leaves it is a link.
            b"OpenAction" => {
                self.opens |= rest.token() != Some(Token::List);
                Ok(())
            }
            b"URI" => {
                self.links = true;
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

impl Stream {
    /// Takes what an entry of the dictionary says: its name, and `rest`, which follows.
    fn learn(&mut self, name: &[u8], mut rest: PdfReader<'_>) {
        match name {
            b"ObjStm" => self.is_of_objects = true,
            b"N" => self.count = Some(Number::read(rest)),
            b"First" => self.first = Some(Number::read(rest)),
            b"DecodeParms" | b"DP" => self.is_odd |= rest.token() != Some(Token::Word(b"null")),
            b"Filter" => match rest.token() {
                Some(Token::Name(filter)) => self.filters.push(filter),
                Some(Token::List) => {
                    while let Some(Token::Name(filter)) = rest.token() {
                        self.filters.push(filter);
                    }
                }
                _ => self.is_odd = true,
            },
            _ => {}
        }
    }
}

impl Number {
    fn read(mut rest: PdfReader<'_>) -> Self {
        let said = rest.number();
        // `5 0 R` refers to another object.
        let refers = rest.number().is_some() && rest.token() == Some(Token::Word(b"R"));
        said.filter(|_| !refers).map_or(Self::Elsewhere, Self::Said)
    }
}

/// A word of the language of PDF (ISO 32000-1, 7.2 and 7.3).
#[derive(Debug, PartialEq, Eq)]
enum Token<'b> {
    /// A name, as it reads without escapes.
    Name(Vec<u8>),
    /// The beginning of a dictionary.
    Open,
    /// The beginning of a list.
    List,
    /// The end of either.
    Close,
    /// A number or keyword.
    Word(&'b [u8]),
    /// A text, or what belongs nowhere.
    Text,
}

/// Reads words one after the other.
#[derive(Clone, Copy)]
struct PdfReader<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl<'b> PdfReader<'b> {
    fn rest(&self) -> &'b [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// Takes bytes while they are such.
    fn run(&mut self, is_such: impl Fn(u8) -> bool) -> &'b [u8] {
        let rest = self.rest();
        let length = rest.iter().position(|byte| !is_such(*byte));
        let run = rest.get(..length.unwrap_or(rest.len())).unwrap_or_default();
        self.at += run.len();
        run
    }

    fn number(&mut self) -> Option<usize> {
        match self.token()? {
            Token::Word(word) => std::str::from_utf8(word).ok()?.parse().ok(),
            Token::Name(_) | Token::Open | Token::List | Token::Close | Token::Text => None,
        }
    }

    fn token(&mut self) -> Option<Token<'b>> {
        self.run(is_space);
        while self.rest().starts_with(b"%") {
            self.run(|byte| !matches!(byte, b'\r' | b'\n'));
            self.run(is_space);
        }
        let (first, second) = (*self.rest().first()?, self.rest().get(1).copied());
        let (token, length) = match (first, second) {
            (b'<', Some(b'<')) => (Token::Open, 2),
            (b'>', Some(b'>')) => (Token::Close, 2),
            (b'[', _) => (Token::List, 1),
            (b']', _) => (Token::Close, 1),
            (b'/', _) => {
                self.at += 1;
                return Some(Token::Name(unescaped(self.run(is_regular))));
            }
            (b'(', _) => {
                self.text();
                return Some(Token::Text);
            }
            (b'<', _) => {
                self.run(|byte| byte != b'>');
                (Token::Text, 1)
            }
            (b'>' | b')' | b'{' | b'}', _) => (Token::Text, 1),
            _ => return Some(Token::Word(self.run(is_regular))),
        };
        self.at += length;
        Some(token)
    }

    /// Goes past a text between brackets.
    fn text(&mut self) {
        let mut depth = 0_usize;
        let mut is_escaped = false;
        for byte in self.rest() {
            self.at += 1;
            match byte {
                _ if is_escaped => is_escaped = false,
                b'\\' => is_escaped = true,
                b'(' => depth += 1,
                b')' => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth == 0 {
                return;
            }
        }
    }
}

fn is_space(byte: u8) -> bool {
    matches!(byte, 0 | b'\t' | b'\n' | 0x0c | b'\r' | b' ')
}

fn is_regular(byte: u8) -> bool {
    !is_space(byte) && !b"()<>[]{}/%".contains(&byte)
}

/// Returns a name without its escapes: `J#53` is `JS`.
fn unescaped(written: &[u8]) -> Vec<u8> {
    let mut name = Vec::with_capacity(written.len());
    let mut rest = written;
    while let Some((byte, after)) = rest.split_first() {
        let escaped = (*byte == b'#')
            .then(|| after.split_first_chunk::<2>())
            .flatten();
        let escaped = escaped.and_then(|(digits, after)| {
            let digits = std::str::from_utf8(digits).ok()?;
            Some((u8::from_str_radix(digits, 16).ok()?, after))
        });
        let (byte, after) = escaped.unwrap_or((*byte, after));
        name.push(byte);
        rest = after;
    }
    name
}
