package setup

import (
	"cmp"
	"regexp"
	"strings"
	"time"
)

// ProblemNotSignInLog: no account was found in what should be a line of the
// sign-in log. ProblemSignInMixed: lines of several accounts.
const (
	ProblemNotSignInLog Problem = "not_a_sign_in_log"
	ProblemSignInMixed  Problem = "several_sign_ins"
)

var (
	logAddress = regexp.MustCompile(`[A-Za-z0-9][A-Za-z0-9.!#$%&'*+/=?^_{|}~-]*@[A-Za-z0-9][A-Za-z0-9.-]*\.[A-Za-z]{2,}`)
	logTime    = regexp.MustCompile(`\b(20\d\d-[01]\d-[0-3]\d)[T ]([0-2]\d:[0-5]\d(?::[0-5]\d)?)(?:\.\d+)?\s?(Z|UTC|[+-][0-2]\d:?[0-5]\d)`)
	logAppID   = regexp.MustCompile(`(?i)\b(?:app(?:lication)?[ _-]?id)\b["'\s:=,]*\{?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})`)
	logFailure = regexp.MustCompile(`(?i)\b(?:sign-?in )?error[ _]?code\b["'\s:=,]*(0|[0-9]{4,8})\b`)
	// The column Status and its code: a row of the portal has no label. "Failure
	// reason" is a column of every row, also of a success.
	logSuccess = regexp.MustCompile(`(?i)\bsuccess(?:ful)?\b`)
	logRefused = regexp.MustCompile(`(?i)\b(?:failure|interrupted)\b(\s*reason)?["'\s:=,;()-]*([0-9]{5,8}\b)?`)
	logNumber  = regexp.MustCompile(`\b[A-Z]{6}([0-9]{4,8})\b`) // a message with its code in front

	// The portal writes its words in the language of whoever looks. They count
	// as a cell of their own only: the same words stand in the names of columns.
	logCell    = regexp.MustCompile(`\s*(?:[\t\n;|,"]|\s{2,})\s*`)
	refusedRow = regexp.MustCompile(`(?i)^(?:[^:]{1,40}:\s*)?(?:` + LogRefusals + `)[\s:()-]*([0-9]{5,8})?\)?$`)
	successRow = regexp.MustCompile(`(?i)^(?:[^:]{1,40}:\s*)?(?:success|successful|erfolg|erfolgreich|êxito|sucesso|com êxito|riuscito|riuscita|` +
		`operazione riuscita|esito positivo|completato|成功|succès|réussite|éxito|correcto)$`)
	codeCell = regexp.MustCompile(`^[0-9]{5,8}$`)
)

// LogRefusals are the words of the column Status for a sign-in that did not
// succeed, as alternatives of a regular expression: English, German,
// Portuguese, Italian, Chinese, Japanese, French, Spanish.
const LogRefusals = `failure|interrupted|fehler|fehlgeschlagen|unterbrochen|falha|falhou|erro|interrompid[oa]|errore|non riuscit[oa]|` +
	`operazione non riuscita|esito negativo|interrott[oa]|失败|失敗|已?中断|エラー|échec|interrompue?|error|interrumpid[oa]`

// ParseSignInLog reads one line, or the details, of an entry of the directory's
// sign-in log as the portal shows, downloads or exports it. Only a time with
// its zone is read: the portal writes others in the order and zone of whoever
// looked. clientID is recognised wherever it stands; another application only
// by its label.
func ParseSignInLog(field Field, text, clientID string) (LoggedSignIn, error) {
	var out LoggedSignIn
	for _, found := range logAddress.FindAllString(text, -1) {
		a, err := ParseAddress(field, found)
		switch {
		case err != nil:
		case out.User == "":
			out.User = a
		case !out.User.Equal(a):
			return LoggedSignIn{}, &InputError{field, string(a), ProblemSignInMixed}
		}
	}
	if out.User == "" {
		return LoggedSignIn{}, &InputError{field, "", ProblemNotSignInLog}
	}
	if m := logTime.FindStringSubmatch(text); m != nil {
		out.Time = zoned(m[1], m[2], m[3])
	}
	if clientID != "" && strings.Contains(strings.ToLower(text), strings.ToLower(clientID)) {
		out.AppID = clientID
	} else if m := logAppID.FindStringSubmatch(text); m != nil {
		out.AppID = strings.ToLower(m[1])
	}
	out.Failure, out.Unclear = loggedFailure(text)
	return out, nil
}

// loggedFailure is the error code of a line, its status where it has no code,
// and "" for a success. unclear: the line says neither.
func loggedFailure(text string) (failure string, unclear bool) {
	labelled := logFailure.FindStringSubmatch(text)
	if labelled != nil && strings.Trim(labelled[1], "0") != "" {
		return labelled[1], false
	}
	if m := logNumber.FindStringSubmatch(text); m != nil {
		return m[1], false
	}
	code, succeeded := "", labelled != nil
	for _, cell := range logCell.Split(text, -1) {
		switch m := refusedRow.FindStringSubmatch(cell); {
		case m != nil:
			failure = cmp.Or(failure, m[1], "Failure")
		case codeCell.MatchString(cell):
			code = cmp.Or(code, cell)
		case successRow.MatchString(cell), cell == "0":
			succeeded = true
		}
	}
	for _, m := range logRefused.FindAllStringSubmatch(text, -1) { // in a text without columns
		if m[1] == "" {
			failure = cmp.Or(failure, m[2], "Failure")
		}
	}
	switch {
	case failure == "Failure" && code != "":
		return code, false
	case failure != "":
		return failure, false
	case succeeded || logSuccess.MatchString(text):
		return "", false
	}
	return code, code == ""
}

func zoned(day, clock, zone string) time.Time {
	if len(clock) == len("15:04") {
		clock += ":00"
	}
	if zone == "UTC" {
		zone = "Z"
	}
	if zone != "Z" && !strings.Contains(zone, ":") {
		zone = zone[:3] + ":" + zone[3:]
	}
	t, err := time.Parse(time.RFC3339, day+"T"+clock+zone)
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}
