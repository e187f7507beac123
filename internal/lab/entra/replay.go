package entra

import (
	"cmp"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"latchkey/internal/corpus"
	"latchkey/internal/lab/world"
)

// values are what stands in a recorded answer's braces, taken from the request
// and the state.
func values(s *world.State, r *http.Request, i incident) map[string]string {
	const form = "2006-01-02T15:04:05.0000000Z"
	home := s.Tenants[0]
	v := map[string]string{
		"trace_id": i.Request, "correlation_id": i.Correlation, "timestamp": i.day(),
		"client_id": r.Form.Get("client_id"), "tenant": r.PathValue("tenant"), "tenant_id": home.ID, "directory": home.Name,
		"redirect_uri": r.Form.Get("redirect_uri"), "other_uri": r.Form.Get("redirect_uri") + "/",
		"user": cmp.Or(r.Form.Get("login_hint"), s.Users[0].UPN), "scope": r.Form.Get("scope"),
		"resource": world.ExchangeOnline.ID, "parameter": "client_id", "address": world.ExchangeOnline.Prefixes[0], "origin": "https://app.contoso.example", "policy_id": s.GUID(),
		"idp":    "https://sts.windows.net/" + s.Tenants[1].ID + "/",
		"issued": i.At.Add(-100 * 24 * time.Hour).Format(form), "valid_from": i.At.Add(-24 * time.Hour).Format(form),
	}
	if a := s.App(v["client_id"]); a != nil {
		v["app"] = a.Name
	}
	return v
}

// replayJSON gives a recorded answer of the token endpoint or of discovery.
func (e *Server) replayJSON(s *world.State, r *http.Request, where corpus.Where) (outcome, bool) {
	rec := s.Recorded(where)
	if rec == nil || rec.Grant != "" && where == corpus.Token && rec.Grant != r.PostForm.Get("grant_type") {
		return outcome{}, false
	}
	i := newIncident(s)
	v := values(s, r, i)
	status := cmp.Or(rec.Status, http.StatusBadRequest)
	if rec.Body != "" {
		out := outcome{status: status, contentType: rec.ContentType, body: []byte(corpus.Fill(rec.Body, v)), header: map[string]string{}}
		return out.retryAfter(rec.RetryAfter), true
	}
	body := errorBody{
		Error: rec.Error, Description: worded(rec, v), Codes: append([]int{}, rec.Codes...),
		Timestamp: i.day(), TraceID: i.Request, CorrelationID: i.Correlation,
		Suberror: rec.Suberror, Claims: corpus.Fill(rec.Claims, v), ChangeURL: rec.ChangeURL,
		URI: e.replayURI(rec),
	}
	return jsonOutcome(status, body, i).retryAfter(rec.RetryAfter), true
}

func (o outcome) retryAfter(seconds int) outcome {
	if seconds > 0 {
		o.header["Retry-After"] = strconv.Itoa(seconds)
	}
	return o
}

// worded is the recorded text with the incident's identifiers behind it, in
// the old form or in the new one.
func worded(rec *corpus.Reply, v map[string]string) string {
	if rec.Description == "" {
		return ""
	}
	text := rec.Description
	if len(rec.Codes) > 0 {
		tail := corpus.Incident
		if rec.OldBreaks {
			tail = strings.NewReplacer(" Trace", "\r\nTrace", " Correlation", "\r\nCorrelation", " Timestamp", "\r\nTimestamp").Replace(tail)
		}
		text += tail
	}
	return corpus.Fill(text, v)
}

func (e *Server) replayURI(rec *corpus.Reply) string {
	if rec.NoErrorURI || len(rec.Codes) == 0 {
		return ""
	}
	return e.errorURI(rec.Codes[len(rec.Codes)-1])
}

// replayAtAuthorize gives a recorded page at once, or returns to the
// application with a recorded error, if its redirect URI can be trusted.
func (e *Server) replayAtAuthorize(s *world.State, r *http.Request) (outcome, bool) {
	if rec := s.Recorded(corpus.AuthorizePage); rec != nil {
		i := newIncident(s)
		number := 0
		if len(rec.Codes) > 0 {
			number = rec.Codes[len(rec.Codes)-1]
		}
		return troublePage(i, number, corpus.Fill(rec.Description, values(s, r, i))), true
	}
	return e.replayReturn(s, r, corpus.AuthorizeRedirect, url.Values{})
}

// replayReturn sends the browser back with a recorded error.
func (e *Server) replayReturn(s *world.State, r *http.Request, where corpus.Where, answer url.Values) (outcome, bool) {
	rec := s.Recorded(where)
	if rec == nil {
		return outcome{}, false
	}
	f := &world.Flow{Segment: r.PathValue("tenant"), Query: r.Form}
	a, why := e.client(s, f)
	if why != nil {
		return e.errorPage(s, why), true
	}
	uri, _, why := redirectURI(a, f.Query)
	if why != nil {
		return e.errorPage(s, why), true
	}
	for name, value := range map[string]string{
		"error": rec.Error, "error_description": worded(rec, values(s, r, newIncident(s))),
		"error_subcode": rec.Subcode, "error_uri": e.replayURI(rec),
	} {
		if value != "" {
			answer.Set(name, value)
		}
	}
	return back(f, uri, answer), true
}
