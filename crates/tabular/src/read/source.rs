//! A file as a stream of UTF-8, whatever its encoding, that knows where it is.
//!
//! What it never does: replace what it cannot decode by a lookalike. Bytes that are no text stay invalid UTF-8, so
//! that the row they are in can be refused by name.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read, Seek, SeekFrom},
    path::Path,
};

use encoding_rs::{Decoder, DecoderResult, Encoding, UTF_8};

use super::TextEncoding;

const BUFFER: usize = 64 * 1024;

/// Decoded text with its offset and line number.
pub struct Source {
    input: BufReader<Box<dyn Read + Send>>,
    offset: u64,
    line: u64,
    after_cr: bool,
}

impl Source {
    /// Opens at the beginning (after a byte order mark).
    pub fn open(path: &Path, encoding: TextEncoding) -> io::Result<Self> {
        Self::open_at(path, encoding, 0, 1)
    }

    /// Opens at an offset as [`Source::offset`] gave it.
    pub fn open_at(path: &Path, encoding: TextEncoding, offset: u64, line: u64) -> io::Result<Self> {
        let mut file = File::open(path)?;
        let mut beginning = [0_u8; 3];
        let filled = read_up_to(&mut file, &mut beginning)?;
        let mark = match Encoding::for_bom(&beginning[..filled]) {
            Some((found, length)) if found == encoding.get() => length as u64,
            _ => 0,
        };
        let (input, offset): (Box<dyn Read + Send>, u64) = if encoding.get() == UTF_8 {
            let offset = offset.max(mark);
            file.seek(SeekFrom::Start(offset))?;
            (Box::new(file), offset)
        } else {
            file.seek(SeekFrom::Start(mark))?;
            let mut decoded = Decoded::new(file, encoding.get());
            io::copy(&mut (&mut decoded).take(offset), &mut io::sink())?;
            (Box::new(decoded), offset)
        };
        Ok(Self {
            input: BufReader::with_capacity(BUFFER, input),
            offset,
            line,
            after_cr: false,
        })
    }

    /// Bytes consumed: of the file if UTF-8, else of the decoded text.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// The line of the next byte, from 1. CR, LF and CRLF each end a line.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// What comes next; empty at the end.
    pub fn peek(&mut self) -> io::Result<&[u8]> {
        loop {
            match self.input.fill_buf() {
                Ok(_) => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(self.input.buffer())
    }

    /// Goes on behind `count` bytes of what [`Source::peek`] showed.
    pub fn consume(&mut self, count: usize) {
        for &byte in &self.input.buffer()[..count] {
            self.line += u64::from(byte == b'\r' || (byte == b'\n' && !self.after_cr));
            self.after_cr = byte == b'\r';
        }
        self.offset += count as u64;
        self.input.consume(count);
    }

    /// Goes on behind all bytes that are as told.
    pub fn skip_while(&mut self, is_skipped: impl Fn(u8) -> bool) -> io::Result<()> {
        loop {
            let buffer = self.peek()?;
            let length = buffer.len();
            let count = buffer
                .iter()
                .position(|&byte| !is_skipped(byte))
                .unwrap_or(length);
            self.consume(count);
            if count < length || length == 0 {
                return Ok(());
            }
        }
    }
}

/// Fills as much of the buffer as there is.
pub fn read_up_to(input: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match input.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// Turns another encoding into UTF-8 as it is read.
struct Decoded<R> {
    input: R,
    decoder: Decoder,
    raw: Vec<u8>,
    start: usize,
    end: usize,
    at_end: bool,
    finished: bool,
    ready: Vec<u8>,
    given: usize,
}

impl<R: Read> Decoded<R> {
    fn new(input: R, encoding: &'static Encoding) -> Self {
        Self {
            input,
            decoder: encoding.new_decoder_without_bom_handling(),
            raw: vec![0; BUFFER / 4],
            start: 0,
            end: 0,
            at_end: false,
            finished: false,
            ready: Vec::with_capacity(BUFFER),
            given: 0,
        }
    }

    fn refill(&mut self) -> io::Result<()> {
        self.ready.clear();
        self.given = 0;
        while self.ready.is_empty() && !self.finished {
            if self.start == self.end && !self.at_end {
                self.end = read_up_to(&mut self.input, &mut self.raw)?;
                self.start = 0;
                self.at_end = self.end < self.raw.len();
            }
            self.ready.resize(BUFFER, 0);
            let (result, read, written) = self.decoder.decode_to_utf8_without_replacement(
                &self.raw[self.start..self.end],
                &mut self.ready,
                self.at_end,
            );
            self.start += read;
            self.ready.truncate(written);
            match result {
                // 0xFF occurs in no UTF-8 text: whoever reads the row sees that it is not valid.
                DecoderResult::Malformed(_, _) => self.ready.push(0xFF),
                DecoderResult::InputEmpty => self.finished = self.at_end,
                DecoderResult::OutputFull => {}
            }
        }
        Ok(())
    }
}

impl<R: Read> Read for Decoded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.given == self.ready.len() {
            self.refill()?;
        }
        let count = buffer.len().min(self.ready.len() - self.given);
        buffer[..count].copy_from_slice(&self.ready[self.given..self.given + count]);
        self.given += count;
        Ok(count)
    }
}

/// Decodes a sample at once, for detection. What cannot be decoded is left out of the judgement as U+FFFD.
pub fn decode_sample(sample: &[u8], encoding: TextEncoding) -> String {
    let (text, _) = encoding.get().decode_with_bom_removal(sample);
    text.into_owned()
}
