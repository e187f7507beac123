package entra

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"latchkey/internal/lab/world"
)

// fault is one refusal of Entra: the AADSTS number, its text, and the OAuth
// error it belongs to.
type fault struct {
	Number   int
	Error    string // RFC 6749 §4.1.2.1, §5.2
	Text     string
	Suberror string
	Claims   string // JSON to be sent back to the authorization endpoint
}

// message is the text with its number, as pages show it.
func (f *fault) message() string { return fmt.Sprintf("AADSTS%d: %s", f.Number, f.Text) }

// status is 401 for a client that could not prove itself and 400 for the rest;
// both are recorded for each class.
func (f *fault) status() int {
	if f.Error == "invalid_client" {
		return http.StatusUnauthorized
	}
	return http.StatusBadRequest
}

// incident is what identifies one refusal in Microsoft's logs.
type incident struct {
	Request     string
	Correlation string
	At          time.Time
}

func newIncident(s *world.State) incident {
	return incident{Request: s.GUID(), Correlation: s.GUID(), At: s.Now()}
}

// day is the form of time in errors.
func (i incident) day() string { return i.At.Format("2006-01-02 15:04:05Z") }

// description is the text of a fault with the incident's identifiers. Older
// recordings break the lines, newer ones use spaces.
func (f *fault) description(i incident, oldLineBreaks bool) string {
	sep := " "
	if oldLineBreaks {
		sep = "\r\n"
	}
	return strings.Join([]string{
		f.message(), "Trace ID: " + i.Request, "Correlation ID: " + i.Correlation, "Timestamp: " + i.day(),
	}, sep)
}

// errorBody is the JSON of the token endpoint and of discovery, in the order
// of the recordings.
type errorBody struct {
	Error         string `json:"error"`
	Description   string `json:"error_description"`
	Codes         []int  `json:"error_codes"`
	Timestamp     string `json:"timestamp"`
	TraceID       string `json:"trace_id"`
	CorrelationID string `json:"correlation_id"`
	URI           string `json:"error_uri,omitempty"`
	Suberror      string `json:"suberror,omitempty"`
	Claims        string `json:"claims,omitempty"`
	ChangeURL     string `json:"password_change_url,omitempty"`
}

// json answers a fault as the token endpoint does.
func (e *Server) jsonFault(s *world.State, f *fault) outcome {
	i := newIncident(s)
	body := errorBody{
		Error: f.Error, Description: f.description(i, s.Entra.OldLineBreaks), Codes: []int{f.Number},
		Timestamp: i.day(), TraceID: i.Request, CorrelationID: i.Correlation,
		Suberror: f.Suberror, Claims: f.Claims,
	}
	if !s.Entra.NoErrorURI {
		body.URI = e.errorURI(f.Number)
	}
	return jsonOutcome(f.status(), body, i)
}

func (e *Server) errorURI(number int) string {
	return fmt.Sprintf("%s/error?code=%d", e.origin, number)
}

func jsonOutcome(status int, body any, i incident) outcome {
	b, err := json.Marshal(body)
	if err != nil {
		// Only texts, numbers and lists of them are answered.
		panic(fmt.Sprintf("entra: %v", err))
	}
	return outcome{
		status: status, contentType: "application/json; charset=utf-8", body: b,
		header: map[string]string{"X-Ms-Request-Id": i.Request, "Client-Request-Id": i.Correlation},
	}
}
