/**
 * What every request over HTTP goes through, whichever protocol it speaks: who may call and how much at a time, bodies read
 * strictly, and what went wrong in the form that its protocol tells it. Knows no other part of the front door.
 */
@NullMarked
package dev.parley.ingest.http;

import org.jspecify.annotations.NullMarked;
