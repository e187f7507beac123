package probe

import (
	"encoding/base64"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
)

// ParseReply takes the line of an answer apart that another prober has seen, as
// Reply.Line has it or with IMAP's tag.
func ParseReply(p Protocol, line string) Reply {
	switch p {
	case IMAP:
		if r := parseIMAP("* " + line); r.Status != "" {
			return r
		}
		return parseIMAP(line)
	case POP3:
		return parsePOP3(line)
	case SMTP:
		return parseSMTP([]string{line})
	}
	return Reply{Line: display(line, maxReply)}
}

// parseIMAP takes one status line apart, with or without its tag (RFC 9051
// §7.1). Lines that are no status keep Status empty.
func parseIMAP(line string) Reply {
	tag, rest, _ := strings.Cut(line, " ")
	word, text, _ := strings.Cut(rest, " ")
	status := strings.ToUpper(word)
	if tag == "+" || !slices.Contains([]string{"OK", "NO", "BAD", "BYE", "PREAUTH"}, status) {
		return Reply{Line: display(line, maxReply)}
	}
	code, text := respCode(text)
	return Reply{Line: display(rest, maxReply), Status: status, RespCode: display(code, maxLine), Text: display(text, maxReply)}
}

// parsePOP3 takes the first line of an answer apart (RFC 1939 §3, RFC 2449 §8).
func parsePOP3(line string) Reply {
	word, text, _ := strings.Cut(line, " ")
	status := strings.ToUpper(word)
	if status != "+OK" && status != "-ERR" {
		return Reply{Line: display(line, maxReply)}
	}
	code, text := respCode(text)
	return Reply{Line: display(line, maxReply), Status: status, RespCode: display(code, maxLine), Text: display(text, maxReply)}
}

// respCode splits "[CODE] text".
func respCode(text string) (code, rest string) {
	inner, ok := strings.CutPrefix(text, "[")
	if !ok {
		return "", text
	}
	code, rest, ok = strings.Cut(inner, "]")
	if !ok {
		return "", text
	}
	return code, strings.TrimPrefix(rest, " ")
}

var enhanced = regexp.MustCompile(`^[245]\.\d{1,3}\.\d{1,3}(?: |$)`)

// parseSMTP joins the lines of one reply (RFC 5321 §4.2.1) and takes it apart;
// the enhanced code stands on each line (RFC 2034 §4) and is kept once.
func parseSMTP(lines []string) Reply {
	code, ok := smtpCode(lines[0])
	if !ok {
		return Reply{Line: display(strings.Join(lines, " "), maxReply)}
	}
	r := Reply{Code: code}
	var texts []string
	for _, line := range lines {
		text := strings.TrimSpace(line[min(4, len(line)):])
		if prefix := enhanced.FindString(text); prefix != "" {
			r.Enhanced = strings.TrimSpace(prefix)
			text = text[len(prefix):]
		}
		texts = append(texts, text)
	}
	r.Text = display(strings.Join(texts, " "), maxReply)
	parts := []string{strconv.Itoa(code)}
	if r.Enhanced != "" {
		parts = append(parts, r.Enhanced)
	}
	r.Line = display(strings.Join(append(parts, texts...), " "), maxReply)
	return r
}

// smtpCode returns the three digits at the start of a reply line.
func smtpCode(line string) (int, bool) {
	if len(line) < 3 || len(line) > 3 && line[3] != ' ' && line[3] != '-' {
		return 0, false
	}
	code, err := strconv.Atoi(line[:3])
	return code, err == nil && code >= 200 && code <= 599
}

// smtpMore reports whether further lines of the same reply follow.
func smtpMore(line string) bool { return len(line) > 3 && line[3] == '-' }

// serverName finds the name in a greeting: SMTP's first word (RFC 5321 §4.2),
// or, in the last pair of brackets, base64 of a name in UTF-16, as one large
// server writes it for its support.
func serverName(p Protocol, text string) string {
	if p == SMTP {
		name, _, _ := strings.Cut(text, " ")
		return hostLike(name)
	}
	open, end := strings.LastIndexByte(text, '['), strings.LastIndexByte(text, ']')
	if open < 0 || end < open {
		return ""
	}
	raw, err := base64.StdEncoding.DecodeString(text[open+1 : end])
	if err != nil || len(raw)%2 != 0 || len(raw) > 2*255 {
		return ""
	}
	units := make([]uint16, len(raw)/2)
	for i := range units {
		units[i] = uint16(raw[2*i]) | uint16(raw[2*i+1])<<8
	}
	return hostLike(string(utf16.Decode(units)))
}

var hostName = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)+$`)

func hostLike(s string) string {
	if len(s) > 255 || !hostName.MatchString(s) {
		return ""
	}
	return s
}
