package paste_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"latchkey/internal/paste"
)

// scriptProbe is what the network script prints for three connections: the
// text of the script, line by line, with values in it.
const scriptProbe = `{
 "schema": 1,
 "setup": "SETUP",
 "server": "SVC01",
 "role": "services",
 "provider": "entra",
 "at": "2026-11-21T12:00:00Z",
 "version": "powershell 5.1.20348.2849",
 "results": [
  {
   "protocol": "",
   "host": "login.microsoftonline.com",
   "port": 443,
   "ms": {"resolve": 3, "connect": 12, "tls": 31},
   "mechanisms": [],
   "families": [{"family": "ipv4", "address": "192.0.2.1", "ms": 12, "kind": ""}, {"family": "ipv6", "address": "2001:db8::1", "ms": 8003, "kind": "timeout"}],
   "issuer": "CN=DigiCert SHA2 Secure Server CA, O=DigiCert Inc, C=US",
   "kind": "", "stage": "",
   "line": ""
  },
  {
   "protocol": "imap",
   "host": "outlook.office365.com",
   "port": 993,
   "ms": {"resolve": 4},
   "mechanisms": [],
   "families": [{"family": "ipv4", "address": "192.0.2.2", "ms": 8001, "kind": "timeout"}],
   "issuer": "",
   "kind": "timeout", "stage": "connect",
   "line": "Es konnte keine Verbindung hergestellt werden, \u00fcber 20 s"
  },
  {
   "protocol": "smtp",
   "host": "smtp.office365.com",
   "port": 587,
   "ms": {"resolve": 2, "connect": 11, "greeting": 40, "tls": 33, "capability": 21},
   "mechanisms": ["LOGIN", "XOAUTH2"],
   "families": [],
   "issuer": "CN=DigiCert Cloud Services CA-1, O=DigiCert Inc, C=US",
   "kind": "", "stage": "",
   "line": ""
  }
 ]
}`

// probeFrame does what the last lines of the network script do.
func probeFrame(text string) string {
	bare := strings.Join(strings.Fields(text), "")
	hash := sha256.Sum256([]byte(bare))
	return "-----BEGIN LATCHKEY PROBE-----\n" + text + "\nsum " + hex.EncodeToString(hash[:])[:16] + "\n-----END LATCHKEY PROBE-----\n"
}

func TestProbeBlockOfTheScript(t *testing.T) {
	want := paste.ProbeBlock{Schema: 1, Server: "SVC01", Role: "services", Provider: "entra", At: noon, Version: "powershell 5.1.20348.2849",
		Results: []paste.ProbeResult{
			{Host: "login.microsoftonline.com", Port: 443, MS: map[string]int64{"resolve": 3, "connect": 12, "tls": 31}, Mechanisms: []string{},
				Issuer:   "CN=DigiCertSHA2SecureServerCA,O=DigiCertInc,C=US",
				Families: []paste.ProbeFamily{{"ipv4", "192.0.2.1", 12, ""}, {"ipv6", "2001:db8::1", 8003, "timeout"}}},
			{Protocol: "imap", Host: "outlook.office365.com", Port: 993, MS: map[string]int64{"resolve": 4}, Mechanisms: []string{}, Kind: "timeout", Stage: "connect", Families: []paste.ProbeFamily{{"ipv4", "192.0.2.2", 8001, "timeout"}},
				Line: "Es konnte keine Verbindung hergestellt werden, über 20 s"},
			{Protocol: "smtp", Host: "smtp.office365.com", Port: 587, MS: map[string]int64{"resolve": 2, "connect": 11, "greeting": 40, "tls": 33, "capability": 21}, Mechanisms: []string{"LOGIN", "XOAUTH2"},
				Issuer: "CN=DigiCertCloudServicesCA-1,O=DigiCertInc,C=US", Families: []paste.ProbeFamily{}},
		}}
	block := probeFrame(scriptProbe)
	for name, pasted := range map[string]string{
		"as printed":      "outlook.office365.com 993  timeout at connect\n" + block,
		"40 columns":      wrap(block, 40),
		"typographic":     strings.NewReplacer("-----", "\u2014", `": "`, "\u201d: \u201c", `"`, "\u201d").Replace(block),
		"no-break blanks": strings.ReplaceAll(block, " ", "\u00a0"),
		"quoted, colours": each(block, func(_ int, l string) string { return "> \x1b[37m" + l + "\x1b[0m" }),
	} {
		got, err := paste.ParseProbeBlock(pasted, expect)
		got.At = got.At.UTC()
		for i := range got.Results { // a line break of the console takes a blank with it
			got.Results[i].Issuer = strings.ReplaceAll(got.Results[i].Issuer, " ", "")
		}
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: %v %s", name, err, diff)
		}
	}
}

// A console of any width breaks texts and numbers where it will.
func TestProbeBlockOfEachConsole(t *testing.T) {
	block := probeFrame(scriptProbe)
	want, err := paste.ParseProbeBlock(block, expect)
	if err != nil {
		t.Fatal(err)
	}
	for width := len("-----BEGIN LATCHKEY PROBE-----"); width < 200; width++ {
		got, err := paste.ParseProbeBlock(wrap(block, width), expect)
		for i := range got.Results { // a line break takes a blank with it
			got.Results[i].Line, got.Results[i].Issuer = want.Results[i].Line, want.Results[i].Issuer
		}
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%d columns: %v %s", width, err, diff)
		}
	}
}

func TestProbeBlockNamesTheDamage(t *testing.T) {
	const w, first = "probe_block", "-----BEGIN LATCHKEY PROBE-----"
	block := probeFrame(scriptProbe)
	edit := func(from, to string) string {
		if !strings.Contains(scriptProbe, from) {
			t.Fatalf("%q is not in the block", from)
		}
		return probeFrame(strings.Replace(scriptProbe, from, to, 1))
	}
	lines := strings.Split(block, "\n")
	without := func(i int) string {
		return strings.Join(append(append([]string{}, lines[:i]...), lines[i+1:]...), "\n")
	}
	line := func(of string) int { return 1 + strings.Count(scriptProbe[:strings.Index(scriptProbe, of)], "\n") }
	none, damaged := paste.ErrNoBlock, paste.ErrDamaged
	for name, tt := range map[string]struct {
		pasted string
		kind   error
		want   paste.Fault
	}{
		"nothing":         {" ", none, paste.Fault{Where: w, Wrong: paste.Nothing, Want: first}},
		"other text":      {"Test-NetConnection : True", none, paste.Fault{Where: w, Wrong: paste.Unknown, Want: first}},
		"endless":         {strings.Repeat("x", 1<<17), none, paste.Fault{Where: w, Wrong: paste.TooLong, Want: "at most 64 KiB"}},
		"other block":     {printed("MAILBOX", mailboxJSON), none, paste.Fault{Where: w, Wrong: paste.OtherKind, Line: 2, Got: "mailbox", Want: "probe"}},
		"begin lost":      {without(0), damaged, paste.Fault{Where: w, Wrong: paste.BeginMissing, Want: first}},
		"end lost":        {without(len(lines) - 2), damaged, paste.Fault{Where: w, Wrong: paste.EndMissing, Want: "-----END LATCHKEY PROBE-----"}},
		"sum lost":        {without(len(lines) - 3), damaged, paste.Fault{Where: w, Wrong: paste.LineMissing, Got: "sum", Want: "the line that begins with sum"}},
		"sum cut":         {strings.Replace(block, lines[len(lines)-3], lines[len(lines)-3][:10], 1), damaged, paste.Fault{Where: w, Wrong: paste.LineMissing, Got: "sum", Want: "the line that begins with sum"}},
		"two blocks":      {block + block, damaged, paste.Fault{Where: w, Wrong: paste.Several, Line: len(lines), Want: "one block: the newest"}},
		"a line lost":     {without(5), damaged, paste.Fault{Where: w, Wrong: paste.Changed}},
		"a word edited":   {strings.Replace(block, "timeout", "refused", 1), damaged, paste.Fault{Where: w, Wrong: paste.Changed}},
		"content cut":     {probeFrame(scriptProbe[:60]), damaged, paste.Fault{Where: w, Wrong: paste.Truncated, Line: 5, Want: "a closing quote mark"}},
		"no JSON":         {probeFrame("hello"), damaged, paste.Fault{Where: w, Wrong: paste.NotJSON, Line: 1, Got: "hello", Want: "a value"}},
		"a list":          {probeFrame("[]"), damaged, paste.Fault{Where: w, Wrong: paste.PropertyType, Line: 1, Got: "list", Want: "object"}},
		"schema":          {edit(`"schema": 1`, `"schema": 2`), damaged, paste.Fault{Where: w, Wrong: paste.OtherSchema, Line: 2, Property: "schema", Got: "number 2", Want: "1"}},
		"schema lost":     {edit(`"schema": 1,`, ``), damaged, paste.Fault{Where: w, Wrong: paste.PropertyMissing, Property: "schema", Want: "1"}},
		"server lost":     {edit(` "server": "SVC01",`, ``), damaged, paste.Fault{Where: w, Wrong: paste.PropertyMissing, Property: "server", Want: "the server's name"}},
		"server empty":    {edit(`"SVC01"`, `""`), damaged, paste.Fault{Where: w, Wrong: paste.PropertyValue, Line: line(`"server"`), Property: "server", Want: "the server's name"}},
		"provider number": {edit(`"entra"`, `7`), damaged, paste.Fault{Where: w, Wrong: paste.PropertyType, Line: line(`"provider"`), Property: "provider", Got: "number", Want: "text"}},
		"time of people":  {edit("2026-11-21T12:00:00Z", "21/11/2026"), damaged, paste.Fault{Where: w, Wrong: paste.PropertyValue, Line: line(`"at"`), Property: "at", Got: "21/11/2026", Want: "a time as in 2026-11-21T10:00:00Z"}},
		"server twice":    {edit(`"role"`, `"server"`), damaged, paste.Fault{Where: w, Wrong: paste.PropertyTwice, Line: line(`"role"`), Property: "server"}},
		"results lost":    {edit(`"results"`, `"result"`), damaged, paste.Fault{Where: w, Wrong: paste.PropertyMissing, Property: "results", Want: "the list of results"}},
		"host lost":       {edit(`"host": "outlook.office365.com",`, ``), damaged, paste.Fault{Where: w, Wrong: paste.PropertyMissing, Property: "results[1].host", Want: "the host"}},
		"port in words":   {edit(`"port": 993`, `"port": "imaps"`), damaged, paste.Fault{Where: w, Wrong: paste.PropertyType, Line: line(`"port": 993`), Property: "results[1].port", Got: "text", Want: "number"}},
		"port too large":  {edit(`"port": 993`, `"port": 99300`), damaged, paste.Fault{Where: w, Wrong: paste.PropertyValue, Line: line(`"port": 993`), Property: "results[1].port", Got: "99300", Want: "1 to 65535"}},
		"time in words":   {edit(`"resolve": 4`, `"resolve": "4 ms"`), damaged, paste.Fault{Where: w, Wrong: paste.PropertyType, Line: line(`"resolve": 4`), Property: "results[1].ms.resolve", Got: "text", Want: "number"}},
		"one mechanism":   {edit(`["LOGIN", "XOAUTH2"]`, `"XOAUTH2"`), damaged, paste.Fault{Where: w, Wrong: paste.PropertyType, Line: line(`"LOGIN"`), Property: "results[2].mechanisms", Got: "text", Want: "list"}},

		// What no prober prints, and no rule could explain.
		"unknown kind":     {edit(`"kind": "timeout", "stage"`, `"kind": "gremlins", "stage"`), damaged, paste.Fault{Where: w, Wrong: paste.PropertyValue, Line: line(`"kind": "timeout", "stage"`), Property: "results[1].kind", Got: "gremlins", Want: "a kind of failure that this version knows"}},
		"unknown stage":    {edit(`"stage": "connect"`, `"stage": "lunch"`), damaged, paste.Fault{Where: w, Wrong: paste.PropertyValue, Line: line(`"stage": "connect"`), Property: "results[1].stage", Got: "lunch", Want: "a stage that this version knows"}},
		"time of no stage": {edit(`"greeting": 40`, `"lunch": 40`), damaged, paste.Fault{Where: w, Wrong: paste.PropertyValue, Line: line(`"greeting": 40`), Property: "results[2].ms.lunch", Got: "lunch", Want: "a stage that this version knows"}},
		"negative time":    {edit(`"greeting": 40`, `"greeting": -40`), damaged, paste.Fault{Where: w, Wrong: paste.PropertyValue, Line: line(`"greeting": 40`), Property: "results[2].ms.greeting", Got: "-40", Want: "a whole number from 0"}},
		"endless time":     {edit(`"greeting": 40`, `"greeting": 9223372036854775807`), damaged, paste.Fault{Where: w, Wrong: paste.PropertyValue, Line: line(`"greeting": 40`), Property: "results[2].ms.greeting", Got: "9223372036854775807", Want: "0 to 3600000 milliseconds"}},
		"unknown protocol": {edit(`"protocol": "imap"`, `"protocol": "jmap"`), damaged, paste.Fault{Where: w, Wrong: paste.PropertyValue, Line: line(`"protocol": "imap"`), Property: "results[1].protocol", Got: "jmap", Want: "imap, pop3, smtp or nothing"}},
		"connection twice": {edit(`"protocol": "imap",`+"\n"+`   "host": "outlook.office365.com",`+"\n"+`   "port": 993`, `"protocol": "",`+"\n"+`   "host": "LOGIN.microsoftonline.com",`+"\n"+`   "port": 443`), damaged, paste.Fault{Where: w, Wrong: paste.PropertyTwice, Line: line(`"protocol": "imap"`) - 1, Property: "login.microsoftonline.com:443"}},
		"no results":       {probeFrame(scriptProbe[:strings.Index(scriptProbe, `"results"`)] + `"results": []}`), damaged, paste.Fault{Where: w, Wrong: paste.PropertyValue, Line: line(`"results"`), Property: "results", Got: "0 results", Want: "1 to 64 results"}},
		"results without end": {probeFrame(scriptProbe[:strings.Index(scriptProbe, `"results"`)] + `"results": [` + strings.Repeat(`{"host":"a","port":1},`, 64) + `{"host":"a","port":1}]}`), damaged,
			paste.Fault{Where: w, Wrong: paste.PropertyValue, Line: line(`"results"`), Property: "results", Got: "65 results", Want: "1 to 64 results"}},
		"unknown family":   {edit(`"family": "ipv6"`, `"family": "ipx"`), damaged, paste.Fault{Where: w, Wrong: paste.PropertyValue, Line: line(`"ipv6"`), Property: "results[0].families[1].family", Got: "ipx", Want: "ipv4 or ipv6"}},
		"family twice":     {edit(`"family": "ipv6"`, `"family": "ipv4"`), damaged, paste.Fault{Where: w, Wrong: paste.PropertyTwice, Line: line(`"ipv6"`), Property: "results[0].families[1].family"}},
		"no address":       {edit(`"2001:db8::1"`, `"localhost"`), damaged, paste.Fault{Where: w, Wrong: paste.PropertyValue, Line: line(`"ipv6"`), Property: "results[0].families[1].address", Got: "localhost", Want: "an IP address"}},
		"kind of a family": {edit(`"ms": 8003, "kind": "timeout"`, `"ms": 8003, "kind": "gremlins"`), damaged, paste.Fault{Where: w, Wrong: paste.PropertyValue, Line: line(`"ipv6"`), Property: "results[0].families[1].kind", Got: "gremlins", Want: "a kind of failure that this version knows"}},
		"time of a family": {edit(`"ms": 8003`, `"ms": -1`), damaged, paste.Fault{Where: w, Wrong: paste.PropertyValue, Line: line(`"ipv6"`), Property: "results[0].families[1].ms", Got: "-1", Want: "a whole number from 0"}},

		// What is whole, and is not wanted here.
		"another setup": {edit(`"SETUP"`, `"zzzz"`), nil, paste.Fault{Where: w, Wrong: paste.OtherSetup, Line: line(`"setup"`), Property: "setup", Got: "zzzz"}},
		"yesterday":     {edit("2026-11-21T12", "2026-11-20T12"), nil, paste.Fault{Where: w, Wrong: paste.Old, Line: line(`"at"`), Property: "at", Got: "2026-11-20T12:00:00Z", Want: "2026-11-20T13:00:00Z"}},
		"tomorrow":      {edit("2026-11-21T12", "2026-11-22T12"), nil, paste.Fault{Where: w, Wrong: paste.Future, Line: line(`"at"`), Property: "at", Got: "2026-11-22T12:00:00Z"}},
	} {
		_, err := paste.ParseProbeBlock(tt.pasted, expect)
		if tt.kind != nil && !errors.Is(err, tt.kind) {
			t.Errorf("%s: %v, want %v", name, err, tt.kind)
		}
		sameFault(t, name, tt.want, err)
	}
}
