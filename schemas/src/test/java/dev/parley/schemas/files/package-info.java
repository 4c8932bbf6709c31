@NullMarked
package dev.parley.schemas.files;

import org.jspecify.annotations.NullMarked;
