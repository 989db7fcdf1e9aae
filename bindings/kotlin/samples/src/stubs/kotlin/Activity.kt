package androidx.activity

open class ComponentActivity : android.app.Activity()
