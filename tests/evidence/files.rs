//! Files that begin and end as they should, and what is missing in those that do not.

use concord::consent::document::fault::DocumentError::{BehindEnd, CutOff, OtherType};
use concord::consent::document::formats::{DocumentType, stated_sha256};
use proptest::prelude::*;

/// A file that says something in a comment.
pub fn file(kind: DocumentType, said: &str) -> Vec<u8> {
    let said = said.as_bytes();
    match kind {
        DocumentType::Pdf => [
            b"%PDF-1.7\n% ",
            said,
            b"\n1 0 obj\n<< /Type /Catalog >>\nendobj\nxref\n0 1\ntrailer\n<< /Root 1 0 R >>\nstartxref\n9\n%%EOF\n",
        ]
        .concat(),
        DocumentType::Jpeg => [
            &[0xff, 0xd8],
            &segment(0xfe, said)[..],
            // A thumbnail with an end of its own.
            &segment(0xe1, &[0xff, 0xd8, 0xff, 0xd9]),
            &segment(0xda, &[1, 1, 0, 0, 63, 0]),
            &[0x12, 0xff, 0x00, 0x34, 0xff, 0xd9],
        ]
        .concat(),
        DocumentType::Png => [
            b"\x89PNG\r\n\x1a\n",
            &chunk(*b"IHDR", &[0; 13])[..],
            &chunk(*b"tEXt", said),
            &chunk(*b"IDAT", &[0x78, 0x9c, 3, 0, 0, 0, 0, 1]),
            &chunk(*b"IEND", &[]),
        ]
        .concat(),
    }
}

fn segment(marker: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len() + 2).unwrap();
    [&[0xff, marker], &length.to_be_bytes()[..], content].concat()
}

fn chunk(kind: [u8; 4], content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap();
    [&length.to_be_bytes()[..], &kind, content, &[0; 4]].concat()
}

#[test]
fn a_file_is_whole_or_refused() {
    for kind in DocumentType::ALL {
        let whole = file(*kind, "hello");
        assert_eq!(DocumentType::of(&whole), Ok(*kind));
        let least = match kind {
            // The line's end behind a PDF's end.
            DocumentType::Pdf => whole.len() - 1,
            DocumentType::Jpeg | DocumentType::Png => whole.len(),
        };
        for length in 0..least {
            let cut = DocumentType::of(&whole[..length]);
            assert!(
                matches!(cut, Err(OtherType | CutOff)),
                "{kind:?} {length}: {cut:?}"
            );
        }
    }
    for other in [
        &b""[..],
        b"<p>hello",
        b"GIF89a",
        b"\0\0\0\x18ftypheic",
        b"PK\x03\x04",
        b"II*\0",
    ] {
        assert_eq!(DocumentType::of(other), Err(OtherType));
    }
}

#[test]
fn what_may_stand_behind_the_end_depends_on_the_kind() {
    let of = |bytes: &[u8]| DocumentType::of(bytes);
    let with = |kind, behind: &[u8]| of(&[&file(kind, ""), behind].concat());
    let pdf = DocumentType::Pdf;
    assert_eq!(with(pdf, b"\r\n\r\n"), Ok(pdf));
    assert_eq!(with(pdf, &[b' '; 1100]), Err(CutOff));
    // A later version of the same file that is cut off.
    let later = [&b"2 0 obj << /Length 4000 >> stream "[..], &[b'x'; 2000]].concat();
    assert_eq!(with(pdf, &later), Err(CutOff));
    assert_eq!(of(b"%PDF-1.7\n%%EOF"), Err(CutOff));

    // Phones put a film, a second picture or their own data behind a picture.
    let jpeg = DocumentType::Jpeg;
    let film = [&b"\0\0\0\x18ftypmp42"[..], &[7; 4000]].concat();
    for behind in [&[0; 500][..], &film, b"SEFT", &file(jpeg, "the second")] {
        assert_eq!(with(jpeg, behind), Ok(jpeg));
    }
    assert_eq!(of(&[0xff, 0xd8, 0xff, 0xd9]), Err(CutOff));
    // Several scans, restarts, and fill bytes before a marker.
    let whole = file(jpeg, "");
    let scans = [
        &whole[..whole.len() - 2],
        &[0xff, 0xd0, 0x55, 0xff, 0xff],
        &segment(0xc4, &[0; 9])[1..],
        &segment(0xda, &[1, 1, 0, 0, 63, 0]),
        &[0x12, 0xff, 0xd9],
    ];
    assert_eq!(of(&scans.concat()), Ok(jpeg));
    // What was cropped may still be there.
    assert_eq!(with(DocumentType::Png, b"\n"), Err(BehindEnd));
    let empty = [b"\x89PNG\r\n\x1a\n", &chunk(*b"IEND", &[])[..]].concat();
    assert_eq!(of(&empty), Err(CutOff));
}

#[test]
fn media_types_are_three() {
    for (written, kind) in [
        ("application/pdf", Some(DocumentType::Pdf)),
        ("Image/JPEG", Some(DocumentType::Jpeg)),
        ("image/png; q=1", Some(DocumentType::Png)),
        ("image/jpg", None),
        ("image/svg+xml", None),
        ("text/html", None),
        ("application/pdf, image/png", None),
        ("", None),
    ] {
        assert_eq!(DocumentType::named(written), kind, "{written}");
    }
}

#[test]
fn a_digest_is_read_as_the_standard_writes_it() {
    // The examples of RFC 9530, appendix B, are of these bytes.
    let hello = "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:";
    let digest: [u8; 32] = super::sha256(b"{\"hello\": \"world\"}\n")
        .try_into()
        .unwrap();
    let other = "sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:";
    let read = |lines: &[&str]| stated_sha256(lines.iter().copied());
    assert_eq!(read(&[hello]), Ok(Some(digest)));
    assert_eq!(read(&[&format!("{other}, {hello}")]), Ok(Some(digest)));
    assert_eq!(read(&[other, &format!("{hello};x=1")]), Ok(Some(digest)));
    assert_eq!(read(&[other]), Ok(None));
    assert_eq!(read(&[]), Ok(None));
    let twice = format!("sha-256=:{}:, {hello}", "A".repeat(43) + "=");
    assert_eq!(read(&[&twice]), Ok(Some(digest)));
    for bad in [
        "",
        "sha-256",
        "sha-256=",
        "sha-256=::",
        "sha-256=:AAAA:",
        "sha-256=RK/0",
        "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=",
        "nonsense",
    ] {
        assert!(read(&[bad]).is_err(), "{bad}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_are_too_odd(bytes in prop::collection::vec(any::<u8>(), 0..400), kind in 0..3_usize) {
        let kind = DocumentType::ALL[kind];
        let begun = [&file(kind, "")[..8], &bytes].concat();
        prop_assert!(DocumentType::of(&bytes).is_err());
        prop_assert!(DocumentType::of(&begun).is_err());
    }
}
