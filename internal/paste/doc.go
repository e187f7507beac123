// Package paste owns what people paste: it recognises what a text is, masks
// what must not be kept, and takes the rest apart into what the protocols
// know: endpoints, stages, replies, numbers.
//
// It does not judge (package check) and does not know what the parts mean
// (package provider). A paste that holds a live code or token is used for
// nothing: the value is masked before anything else sees the text.
package paste
