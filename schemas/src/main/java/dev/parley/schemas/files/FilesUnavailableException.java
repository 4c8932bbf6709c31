package dev.parley.schemas.files;

/** The log of files does not answer in time: whether there is a file, or what is in it, cannot be said now. */
public final class FilesUnavailableException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    public FilesUnavailableException(String message) {
        super(message);
    }
}
