//! Reading a body: never more than allowed, compressed or not.

use std::io::Read;

use domain::ProviderError;
use flate2::read::MultiGzDecoder;
use reqwest::Response;
use reqwest::header::CONTENT_ENCODING;

use super::{Connection, Malformed, unavailable};

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

impl Connection {
    /// The whole body, decompressed, without a byte-order mark.
    pub(super) async fn read(&self, mut response: Response) -> Result<Vec<u8>, ProviderError> {
        let limit = self.max_response_bytes;
        let too_large = || ProviderError::TooLarge { limit };
        if response.content_length().is_some_and(|length| length > limit) {
            return Err(too_large());
        }
        let is_gzip = response
            .headers()
            .get(CONTENT_ENCODING)
            .is_some_and(|encoding| encoding.as_bytes().eq_ignore_ascii_case(b"gzip"));
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(unavailable)? {
            if length(&body) + length(&chunk) > limit {
                return Err(too_large());
            }
            body.extend_from_slice(&chunk);
        }
        if is_gzip {
            body = self.unpacked(&body)?;
        }
        if body.starts_with(BYTE_ORDER_MARK) {
            body.drain(..BYTE_ORDER_MARK.len());
        }
        Ok(body)
    }

    fn unpacked(&self, packed: &[u8]) -> Result<Vec<u8>, ProviderError> {
        let limit = self.max_response_bytes;
        let mut body = Vec::new();
        let read = MultiGzDecoder::new(packed)
            .take(limit.saturating_add(1))
            .read_to_end(&mut body);
        match read {
            Ok(_) if length(&body) > limit => Err(ProviderError::TooLarge { limit }),
            Ok(_) => Ok(body),
            Err(error) => {
                let malformed = Malformed::value("the gzip stream", format!("{} bytes", packed.len()), error);
                Err(malformed.into_error(&[], &|text| self.mask(text)))
            }
        }
    }
}

fn length(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}
